with alpha as (

    select * from {{ ref('int_alpha_by_product') }}

),

by_product_and_all as (

    select
        delivery_date,
        product,
        delivery_start_utc,
        alpha_eur
    from alpha
    union all
    select
        delivery_date,
        'all' as product,
        delivery_start_utc,
        alpha_eur
    from alpha

),

summed as (

    select
        delivery_date,
        product,
        case when count(alpha_eur) = count(*) then sum(alpha_eur) end as alpha_eur,
        coalesce(sum(alpha_eur), 0) as priced_alpha_eur,
        count(distinct case when alpha_eur is null then delivery_start_utc end) as unpriced_quarter_hours
    from by_product_and_all
    group by delivery_date, product

)

select * from summed
