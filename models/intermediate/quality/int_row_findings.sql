{{ config(meta={'scope': 'all'}) }}

with bad_rows as (

    select * from {{ ref('stg_ingest__bad_rows') }}

),

described_rows as (

    select
        feed,
        file_name,
        case
            when not is_landed then 'unreadable_row'
            when problem = 'blank' then 'blank_value'
            else 'unreadable_value'
        end as finding,
        'row ' || cast(row_number as string) || coalesce(', ' || column_name, '') || ': ' || problem
        || coalesce(' (' || content || ')', '') as example
    from bad_rows

),

unusable as (

    select
        feed,
        cast(null as date) as delivery_date,
        file_name,
        finding,
        count(*) as rows,
        min(example) as example
    from described_rows
    group by feed, file_name, finding

)

select * from unusable
