{#- Which delivery dates changed since the last whole good build. Looks at raw, before any model is made. -#}

{#- Changes when models, what they promise, macros, seeds, tests or variables do: then everything is made anew. -#}
{% macro fingerprint() -%}
    {%- set project = invocation_args_dict.get('project_dir') or '.' -%}
    {%- set files = [] -%}
    {%- for pattern in [
        'models/**/*.sql', 'models/**/*.yml', 'models/**/*.md', 'macros/**/*.sql', 'seeds/**/*.csv', 'seeds/**/*.yml',
        'tests/dbt/**/*.sql', 'dbt_project.yml',
    ] -%}
        {%- do files.append("'" ~ project ~ '/' ~ pattern ~ "'") -%}
    {%- endfor -%}
    {%- set content -%}
        select md5(string_agg(md5(content), '' order by filename)) from read_text([{{ files | join(', ') }}])
    {%- endset -%}
    {{- return(run_query(content).columns[0].values()[0] ~ '-' ~ local_md5(tojson(invocation_args_dict.get('vars') or {}) ~ as_of())) -}}
{%- endmacro %}


{% macro last_good_build() -%}
    select * from {{ target.schema }}.builds where is_good order by started_at_utc desc limit 1
{%- endmacro %}


{#- The last load that the marts hold whole; 0 where they have to be made in full. -#}
{% macro last_whole_load(fingerprint) -%}
    {%- set unbroken -%}
        with good as (
            {{ last_good_build() }}
        )
        select last_load_id from good
        where
            fingerprint = '{{ fingerprint }}'
            {# Of another raw, the load of that number began at another moment. #}
            and exists (
                select 1 from raw.main.loads
                where load_id = good.last_load_id and started_at_utc = good.last_load_started_at_utc
            )
            and not exists (
                select 1 from {{ target.schema }}.builds as later
                where
                    later.started_at_utc > good.started_at_utc
                    and (later.fingerprint <> good.fingerprint or later.is_full_refresh)
            )
    {%- endset -%}
    {%- set rows = run_query(unbroken).rows -%}
    {{- return(rows[0][0] if rows and not flags.FULL_REFRESH else 0) -}}
{%- endmacro %}


{#- Where everything is made anew, only the first and the last moment are asked for. -#}
{% macro first_and_last_moments() -%}
    {%- set trades = ['delivery_start_utc', "delivery_end_utc - interval '15' minute"] -%}
    {%- set measured = "time_bucket(interval '15' minute, measured_at_utc)" -%}
    {% for feed, moments in [
        ('forecasts', ['delivery_start_utc']),
        ('live_measured_infeed', [measured, measured ~ " + interval '15' minute"]),
        ('final_production', ['delivery_start_utc', "delivery_start_utc + interval '15' minute"]),
        ('private_trades', trades),
        ('public_trades', trades),
        ('redispatch_flags', ['delivery_start_utc']),
        ('redispatch_compensation', ['delivery_start_utc']),
        ('imbalance_prices_final', ['delivery_start_utc']),
        ('imbalance_prices_estimated', ['delivery_start_utc']),
    ] %}
        {%- set outer = loop %}
        {%- for moment in moments %}
            select unnest([min({{ moment }}), max({{ moment }})]) as at_utc from raw.main.{{ feed }}
            {{ 'union all' if not (outer.last and loop.last) }}
        {%- endfor %}
    {%- endfor %}
{%- endmacro %}


{#- What was measured is the persistence of the forecasts issued in the hours after (FC-4). -#}
{% macro find_changed_measurements(load_id) -%}
    create or replace temp table changed_measurements as
    with new_files as (
        select file_id from raw.main.manifest where status = 'landed' and load_id > {{ load_id }}
    )
    select distinct time_bucket(interval '15' minute, measured_at_utc) as at_utc
    from raw.main.live_measured_infeed where file_id in (select file_id from new_files)
    union
    select distinct delivery_start_utc from raw.main.final_production where file_id in (select file_id from new_files);

    {# Known before the forecasts are read, these bounds spare most of them. #}
    set variable first_measured_utc = (select min(at_utc) from changed_measurements);
    set variable last_measured_utc = (select max(at_utc) from changed_measurements)
{%- endmacro %}


{#- Moments of delivery that files landed since `load_id` say something about. -#}
{% macro changed_moments(load_id) -%}
    {%- set new_files = 'select file_id from new_files' -%}
    with new_files as (
        select file_id from raw.main.manifest where status = 'landed' and load_id > {{ load_id }}
    ),
    {# The new rows of a trade may move it to another day; a new export may show that one was recalled. #}
    trades as (
        {% for side in ['private', 'public'] %}
            select delivery_start_utc, delivery_end_utc from raw.main.{{ side }}_trades
            where trade_id in (select trade_id from raw.main.{{ side }}_trades where file_id in ({{ new_files }}))
            union
        {% endfor %}
        select delivery_start_utc, delivery_end_utc
        from raw.main.private_trades
        inner join raw.main.manifest using (file_id)
        where {{ export_day('file_name') }} in (
            select {{ export_day('file_name') }} from raw.main.manifest
            where feed = 'private_trades' and file_id in ({{ new_files }})
        )
    )
    {% for feed in [
        'forecasts', 'redispatch_flags', 'redispatch_compensation', 'imbalance_prices_final', 'imbalance_prices_estimated',
    ] %}
        select distinct delivery_start_utc as at_utc from raw.main.{{ feed }} where file_id in ({{ new_files }})
        union
    {% endfor %}
    select at_utc from changed_measurements
    union
    {# A sample holds for 5 minutes, maybe into the next day. #}
    select at_utc + interval '15' minute from changed_measurements
    union
    select delivery_start_utc from trades
    union
    select delivery_end_utc - interval '15' minute from trades
    union
    {# Every day between the two; the shortest has 23 hours. #}
    select unnest(generate_series(
        delivery_start_utc, delivery_end_utc - interval '15' minute, interval '23' hour
    )) from trades where delivery_end_utc > delivery_start_utc + interval '23' hour
    union
    select distinct delivery_start_utc from raw.main.forecasts
    where
        version_utc >= getvariable('first_measured_utc')
        and version_utc <= getvariable('last_measured_utc') + interval '{{ var("persistence_hours") + 1 }}' hour
        and cast(version_utc as date) in (
            select distinct cast(at_utc as date) + cast(later as integer)
            from changed_measurements cross join range({{ 2 + var('persistence_hours') // 24 }}) as days (later)
        )
{%- endmacro %}


{#-
  Contracts as the lists up to a load say (CON-1, CON-2): the newest row with terms, and the list that lacks them. Staging
  models stand on raw, so that they show it before any model is made.
-#}
{% macro contracts_until(load_id) -%}
    select contract_id, asset_id, contract_begin, contract_end, terms, dropped_on
    from (
        select
            *,
            md5(cast((
                asset_id, metering_point_id, technology, capacity_mw, contract_begin, contract_end, price_model,
                price_eur_per_mwh, fee_model, fee_eur, fee_percent, owner_id
            ) as varchar)) as terms,
            row_number() over (partition by contract_id order by file_order desc, row_number desc) as recency
        from listed
        where has_terms and load_id <= {{ load_id }}
    ) as newest
    inner join (
        select contract_id, max(file_order) as last_file_order from listed
        where load_id <= {{ load_id }}
        group by contract_id
    ) as last_listed using (contract_id)
    left join (
        select lists.file_order as last_file_order, arg_min(later.listed_on, later.file_order) as dropped_on
        from lists inner join lists as later on later.file_order > lists.file_order and later.load_id <= {{ load_id }}
        group by lists.file_order
    ) as lists_without using (last_file_order)
    where recency = 1
{%- endmacro %}


{#- Assets as the technical data up to a load describe them. -#}
{% macro assets_until(load_id) -%}
    select asset_id, md5(cast((asset_name, technology, data.status, capacity_kw) as varchar)) as description
    from staging.stg_vpp__technical_data as data
    inner join staging.stg_ingest__files as files using (file_id)
    where files.load_id <= {{ load_id }}
    qualify row_number() over (partition by asset_id order by files.file_order desc, row_number desc) = 1
{%- endmacro %}


{#-
  Spans of delivery dates under contracts of assets of which something changed since a load: the description, or a
  contract's terms or end. One contract says something of the days of the next: forecasts issued in its last hours, and
  the technology of an asset that nothing else describes.
-#}
{% macro changed_spans(load_id) -%}
    with listed as (
        select contracts.*, owners.owner_id, files.load_id
        from staging.stg_crm__contracts as contracts
        inner join staging.stg_ingest__files as files using (file_id)
        left join staging.stg_crm__contract_owners as owners using (file_id, row_number)
    ),
    lists as (select distinct file_order, listed_on, load_id from listed),
    before as ({{ contracts_until(load_id) }}),
    after as ({{ contracts_until(2147483647) }}),
    assets_before as ({{ assets_until(load_id) }}),
    assets_after as ({{ assets_until(2147483647) }}),
    changed_assets as (
        select asset_id from (from before except from after)
        union
        select asset_id from (from after except from before)
        union
        select asset_id from (from assets_before except from assets_after)
        union
        select asset_id from (from assets_after except from assets_before)
    )
    select contract_begin as first_date, coalesce(contract_end, date '9999-12-31') as last_date
    from (from before union all from after) as contracts
    where asset_id in (select asset_id from changed_assets)
{%- endmacro %}


{#- Days that files say something about, days of months that the calendar did not have, and days under changed contracts. -#}
{% macro find_news(load_id) -%}
    create or replace temp table news as
    with spans as (
        {{ changed_spans(load_id) }}
    )
    select delivery_date from changed_dates
    union
    select delivery_date from known_days where is_new
    union
    select known_days.delivery_date from known_days inner join spans
        on known_days.delivery_date >= spans.first_date and known_days.delivery_date <= spans.last_date
{%- endmacro %}


{#-
  Some models have rows for all days from the first to the last with a position, or until the last with infeed. Days
  without news keep theirs, so before and after this build those ends lie among the news or at the last day without.
-#}
{% macro days_that_may_lie_between() -%}
    {%- set standing = 'where delivery_date not in (select delivery_date from news)' %}
    select coalesce(max(delivery_date), (select min(delivery_date) from news)) as first_date,
        (select max(delivery_date) from news) as last_date
    from marts.fct_positions {{ standing }}
    union all
    select coalesce(max(delivery_date), (select min(delivery_date) from news)),
        (select max(delivery_date) from news)
    from marts.fct_portfolio_infeed {{ standing }}
    union all
    select (select min(delivery_date) from news),
        coalesce(min(delivery_date), (select max(delivery_date) from news))
    from marts.fct_positions {{ standing }}
{%- endmacro %}


{% macro find_build_dates(load_id) -%}
    {%- set schema = target.schema -%}
    create or replace table {{ schema }}.build_scope as
    select
        {{ load_id }} = 0 as is_everything,
        coalesce(
            (select min(file_id) from raw.main.manifest where load_id > {{ load_id }}),
            (select max(file_id) + 1 from raw.main.manifest),
            0
        ) as first_new_file_id;
    {%- if load_id != 0 %}
    {{ find_changed_measurements(load_id) }};
    {%- endif %}
    create or replace temp table changed_dates as
    select distinct cast({{ utc_to_local('at_utc') }} as date) as delivery_date
    from ({{ changed_moments(load_id) if load_id != 0 else first_and_last_moments() }}) as moments
    where at_utc is not null
    {%- if load_id != 0 %}
    union
    select delivery_date from {{ schema }}.unfinished_dates
    {%- endif %};

    {# Whole months around everything that came and everything that there was. #}
    create or replace temp table known_days as
    with calendar as (
        select first_calendar_date as first_date, last_calendar_date as last_date
        from ({{ last_good_build() }}) as good
        where last_load_id = {{ load_id }}
    ),
    ends as (
        select min(delivery_date) as first_date, max(delivery_date) as last_date from changed_dates
        union all
        from calendar
    ),
    span as (
        select
            {{ first_of_month('min(first_date)') }} as first_date,
            cast({{ first_of_month('max(last_date)') }} + interval '1' month as date) as end_date
        from ends
    ),
    days as (
        select cast(unnest(generate_series(first_date, end_date - 1, interval '1' day)) as date) as delivery_date
        from span
        where first_date is not null
    )
    select
        days.delivery_date,
        calendar.first_date is null or days.delivery_date not between calendar.first_date and calendar.last_date as is_new
    from days left join calendar on true;

    {%- if load_id != 0 %}
    {{ find_news(load_id) }};
    {%- endif %}

    create or replace table {{ schema }}.build_dates as
    with changed as (
        {%- if load_id == 0 %}
        select delivery_date from known_days
        {%- else %}
        select delivery_date from news
        union
        select known_days.delivery_date from known_days cross join ({{ days_that_may_lie_between() }}) as gaps
        where known_days.delivery_date > gaps.first_date and known_days.delivery_date < gaps.last_date
        {%- endif %}
    )
    select known_days.delivery_date, changed.delivery_date is not null as is_changed
    from known_days left join changed on known_days.delivery_date = changed.delivery_date
    where {{ first_of_month('known_days.delivery_date') }} in (select {{ first_of_month('delivery_date') }} from changed);

    create or replace table {{ schema }}.build_quarter_hours as
    select
        unnest(generate_series(
            timezone('UTC', timezone('{{ var("market_time_zone") }}', cast(delivery_date as timestamp))),
            timezone('UTC', timezone('{{ var("market_time_zone") }}', cast(delivery_date + 1 as timestamp)))
            - interval '15' minute,
            interval '15' minute
        )) as delivery_start_utc,
        is_changed
    from {{ schema }}.build_dates
{%- endmacro %}


{#-
  Where this build's quarter-hours begin and end and which file is the first new one, as functions that give constants:
  unlike what the tables say, the database looks for those in its row groups and below windows.
-#}
{% macro note_bounds() -%}
    {%- if is_building() and flags.WHICH in ('build', 'run', 'retry') and build_day() is none -%}
        {%- set schema = target.schema -%}
        {%- set bounds -%}
            select
                min(delivery_start_utc) filter (is_changed), max(delivery_start_utc) filter (is_changed),
                min(delivery_start_utc), max(delivery_start_utc),
                (select first_new_file_id from {{ schema }}.build_scope)
            from {{ schema }}.build_quarter_hours
        {%- endset -%}
        {%- set found = run_query(bounds).rows[0] -%}
        {%- set moments = [] -%}
        {%- for moment in found.values()[:4] -%}
            {%- do moments.append("cast('" ~ moment ~ "' as timestamp)" if moment else 'cast(null as timestamp)') -%}
        {%- endfor %}
        create or replace macro {{ schema }}.first_of_build(scope) as
        case scope when 'day' then {{ moments[0] }} else {{ moments[2] }} end;
        create or replace macro {{ schema }}.last_of_build(scope) as
        case scope when 'day' then {{ moments[1] }} else {{ moments[3] }} end;
        create or replace macro {{ schema }}.first_new_file() as {{ found.values()[4] }}
    {%- endif -%}
{%- endmacro %}


{% macro within_bounds(moment, scope, minutes_before=0) -%}
    {{ moment }} >= {{ target.schema }}.first_of_build('{{ scope }}'){{ earlier_by(minutes_before) }}
    and {{ moment }} < {{ target.schema }}.last_of_build('{{ scope }}') + interval '15' minute
{%- endmacro %}


{% macro earlier_by(minutes) -%}
    {{ " - interval '" ~ minutes ~ "' minute" if minutes }}
{%- endmacro %}


{#- Where everything is made all files are new; saying so would keep the database from what it knows of whole columns. -#}
{% macro is_of_new_file() -%}
    {%- set some_are_old = is_narrowed() and build_day() is none and not makes_everything() -%}
    {{ 'file_id >= ' ~ target.schema ~ '.first_new_file()' if some_are_old else 'true' }}
{%- endmacro %}


{#- First and last date of the calendar that this build begins with; no row where it makes everything. -#}
{% macro standing_calendar() -%}
    select first_calendar_date, last_calendar_date
    from ({{ last_good_build() }}) as good
    where not (select is_everything from {{ target.schema }}.build_scope)
{%- endmacro %}


{#- For `rtm build`, which leaves out what cannot have changed (building/changes.py): prints what landed. -#}
{% macro what_changed() -%}
    {%- do run_query(build_tables()) -%}
    {%- set load_id = last_whole_load(fingerprint()) -%}
    {%- set files = run_query(
        "select distinct feed from raw.main.manifest where status = 'landed' and load_id > " ~ load_id ~ " order by feed"
    ) -%}
    {%- set new_months = false -%}
    {%- if load_id > 0 -%}
        {%- do run_query(find_build_dates(load_id)) -%}
        {%- set months = run_query(
            'select count(*) from known_days where delivery_date not in (select delivery_date from marts.dim_quarter_hours)'
        ) -%}
        {%- set new_months = months.columns[0].values()[0] > 0 -%}
    {%- endif -%}
    {%- do print('what_changed: ' ~ tojson({
        'last_whole_load': load_id,
        'newest_load': newest_load(),
        'feeds': files.columns[0].values() | list,
        'has_new_months': new_months,
        'is_broken': not run_query(
            'select coalesce(arg_max(is_good, started_at_utc), false) from ' ~ target.schema ~ '.builds'
        ).columns[0].values()[0],
    })) -%}
{%- endmacro %}


{#- The newest load that brought a file. -#}
{% macro newest_load() -%}
    {{- return(run_query('select coalesce(max(load_id), 0) from raw.main.manifest').columns[0].values()[0]) -}}
{%- endmacro %}
