with performance as (

    select * from {{ ref('int_portfolio_performance_periods') }}

),

sides as (

    select * from {{ ref('int_portfolio_sides') }}

),

booked as (

    select * from {{ ref('int_portfolio_owner_lines') }}

),

together as (

    select
        coalesce(performance.period, sides.period) as period,
        coalesce(performance.period_start_date, sides.period_start_date) as period_start_date,
        {{ columns_of('performance', performance_sums() + owner_line_sums() + ['blocked_assets']) }},
        {{ columns_of('sides', position_sums() + ['attributed_infeed_value_eur', 'attributed_alpha_eur']) }},
        {{ columns_of('sides', ['unattributed_quarter_hours'], if_missing=0) }},
        {{ columns_of('booked', ['booked_owner_lines_eur', 'booked_claim_eur']) }}
    from performance
    full outer join sides
        on performance.period = sides.period and performance.period_start_date = sides.period_start_date
    left join booked
        on
            coalesce(performance.period, sides.period) = booked.period
            and coalesce(performance.period_start_date, sides.period_start_date) = booked.period_start_date

),

two_sides as (

    select
        *,
        coalesce(revenue_eur, 0) - coalesce(unattributed_revenue_eur, 0)
        - coalesce(position_imbalance_cost_eur, 0) + coalesce(unattributed_imbalance_cost_eur, 0)
        - coalesce(booked_owner_lines_eur, 0) + coalesce(booked_claim_eur, 0) as margin_from_trades_eur,
        coalesce(attributed_infeed_value_eur, 0) + coalesce(attributed_alpha_eur, 0)
        - coalesce(position_opportunity_cost_eur, 0)
        - coalesce(owner_lines_eur, 0) + coalesce(claim_eur, 0) as margin_from_assets_eur,
        {{ joined_issues([
            ("coalesce(blocked_assets, 0) > 0", "'assets with a blocked invoice: ' || cast(blocked_assets as string)"),
            ("coalesce(unpaid_infeed_quarter_hours, 0) > 0",
             "'measured quarter-hours without payout price: ' || cast(unpaid_infeed_quarter_hours as string)"),
            ("coalesce(unpaid_redispatch_quarter_hours, 0) > 0",
             "'redispatched quarter-hours that are not paid: ' || cast(unpaid_redispatch_quarter_hours as string)"),
            ("unattributed_quarter_hours > 0",
             "'quarter-hours that are not attributed: ' || cast(unattributed_quarter_hours as string)"),
        ]) }} as margin_reason
    from together

),

margins as (

    select
        cast(period as string) as period,
        cast(period_start_date as date) as period_start_date,
        {{ cast_sums(performance_sums() + owner_line_sums() + position_sums() + ['unattributed_quarter_hours']) }},
        cast(margin_from_trades_eur as decimal(18, 6)) as margin_from_trades_eur,
        cast(margin_from_assets_eur as decimal(18, 6)) as margin_from_assets_eur,
        {{ cents('margin_from_trades_eur - margin_from_assets_eur') }} as residual_eur,
        cast(case when margin_reason is null then margin_from_trades_eur end as decimal(18, 6)) as margin_eur,
        cast(margin_reason as string) as margin_reason
    from two_sides

)

select * from margins
