-- No portfolio row may lack an asset in silence (FC-3, IN-4): what is expected is present, or counted as missing and
-- named by a finding.
with portfolio_rows as (

    select
        'forecasts' as product,
        'forecast_missing' as named_by,
        delivery_start_utc,
        delivery_date,
        assets_expected,
        assets_present,
        is_complete
    from {{ ref('fct_portfolio_forecasts') }}
    union all
    select
        'infeed' as product,
        'infeed_missing' as named_by,
        delivery_start_utc,
        delivery_date,
        assets_expected,
        assets_present,
        is_complete
    from {{ ref('fct_portfolio_infeed') }}
    union all
    select
        'positions' as product,
        'infeed_missing' as named_by,
        delivery_start_utc,
        delivery_date,
        assets_expected,
        assets_present,
        is_complete
    from {{ ref('fct_positions') }}

),

asset_days as (

    select * from {{ ref('int_asset_days') }}

),

findings as (

    select * from {{ ref('fct_data_findings') }}

),

expected as (

    select
        delivery_date,
        count(distinct asset_id) as assets
    from asset_days
    group by delivery_date

),

named as (

    select distinct
        delivery_date,
        finding
    from findings
)

select
    portfolio_rows.product,
    portfolio_rows.delivery_start_utc
from portfolio_rows
left join expected on portfolio_rows.delivery_date = expected.delivery_date
left join named
    on portfolio_rows.delivery_date = named.delivery_date and portfolio_rows.named_by = named.finding
where
    portfolio_rows.assets_expected is distinct from coalesce(expected.assets, 0)
    or portfolio_rows.assets_present > portfolio_rows.assets_expected
    or portfolio_rows.is_complete <> (portfolio_rows.assets_present = portfolio_rows.assets_expected)
    or (not portfolio_rows.is_complete and named.finding is null)
