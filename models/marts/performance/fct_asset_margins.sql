with periods as (

    select * from {{ ref('int_asset_performance_periods') }}

),

owner_lines as (

    select * from {{ ref('int_asset_owner_lines') }}

),

together as (

    select
        periods.*,
        {{ columns_of('owner_lines', owner_line_sums() + ['billing_issues']) }},
        periods.measured_quarter_hours - periods.valued_quarter_hours as unvalued_quarter_hours,
        periods.measured_quarter_hours - periods.settled_quarter_hours as unsettled_quarter_hours
    from periods
    left join owner_lines
        on
            periods.asset_id = owner_lines.asset_id
            and periods.period = owner_lines.period
            and periods.period_start_date = owner_lines.period_start_date

),

explained as (

    select
        *,
        coalesce(market_value_eur, 0) - coalesce(owner_lines_eur, 0) - coalesce(imbalance_opportunity_cost_eur, 0)
        + coalesce(claim_eur, 0) as margin_subtotal_eur,
        {{ joined_issues([
            ("billing_issues is not null", "billing_issues"),
            ("measured_quarter_hours = 0", "'nothing is measured'"),
            ("unvalued_quarter_hours > 0",
             "'measured quarter-hours without market VWAP: ' || cast(unvalued_quarter_hours as string)"),
            ("unsettled_quarter_hours > 0",
             "'measured quarter-hours without imbalance cost: ' || cast(unsettled_quarter_hours as string)"),
            ("unpaid_infeed_quarter_hours > 0 and billing_issues is null",
             "'measured quarter-hours without payout price: ' || cast(unpaid_infeed_quarter_hours as string)"),
            ("unpaid_redispatch_quarter_hours > 0",
             "'redispatched quarter-hours that are not paid: ' || cast(unpaid_redispatch_quarter_hours as string)"),
        ]) }} as margin_reason
    from together

),

margins as (

    select
        cast(asset_id as string) as asset_id,
        cast(period as string) as period,
        cast(period_start_date as date) as period_start_date,
        {{ cast_sums(performance_sums() + owner_line_sums()) }},
        cast(billing_issues is not null as boolean) as is_blocked,
        cast(case when margin_reason is null then margin_subtotal_eur end as decimal(18, 6)) as margin_eur,
        cast(margin_reason as string) as margin_reason,
        cast(margin_subtotal_eur as decimal(18, 6)) as margin_subtotal_eur
    from explained

)

select * from margins
