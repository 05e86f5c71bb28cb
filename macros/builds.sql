{#- What each build leaves behind in the warehouse: whether it can be published, and what was promised of its marts. -#}

{% macro is_building() -%}
    {{- return(execute and flags.WHICH in ('build', 'run', 'test', 'seed', 'snapshot', 'retry', 'run-operation')) -}}
{%- endmacro %}


{#-
  Whether marts and tests are what they were if everything had run. Unit tests may be left out: they test the models, not
  the numbers. So may what cannot have changed since the last whole load, if `rtm` chose it for just these loads.
-#}
{% macro is_whole_build(load_id) -%}
    {%- set left_out = [] -%}
    {%- for name in graph.nodes if name not in selected_resources and not name.startswith('operation.') -%}
        {%- do left_out.append(name) -%}
    {%- endfor -%}
    {%- set chosen = env_var('RTM_SELECTED_FOR', '') == load_id ~ ' to ' ~ newest_load() -%}
    {{- return(flags.WHICH == 'build' and (chosen or not left_out) and not flags.EMPTY
        and not invocation_args_dict.get('sample')) -}}
{%- endmacro %}


{% macro build_tables() -%}
    {%- if is_building() %}
        create table if not exists {{ target.schema }}.builds (
            build_id string, started_at_utc timestamp, ended_at_utc timestamp, command string, is_whole boolean,
            is_good boolean, tests_passed integer, as_of string, warehouse_layout integer,
            dbt_version string, commit_id string, fingerprint string, is_full_refresh boolean, last_load_id integer,
            last_load_started_at_utc timestamp, files_landed bigint, known_until_utc timestamp,
            first_calendar_date date, last_calendar_date date
        );
        {#- Dates that builds since the last whole good one made: it makes them again, whatever they were made from. #}
        create table if not exists {{ target.schema }}.unfinished_dates (delivery_date date);
        create table if not exists {{ target.schema }}.promises (
            build_id string, schema_name string, mart_name string, column_name string, data_type string
        );
        {#- Who set out to make each mart last, however that ended: a mart whose maker is the same holds the same. #}
        create table if not exists {{ target.schema }}.mart_makers (
            schema_name string, mart_name string, build_id string
        )
    {%- endif %}
{%- endmacro %}


{% macro build_started() -%}
    {%- if is_building() %}
        {%- set fingerprint = fingerprint() -%}
        {%- set load_id = last_whole_load(fingerprint) -%}
        {%- if flags.WHICH in ('build', 'run', 'retry') and build_day() is none %}
            {{ find_build_dates(load_id) }};
            insert into {{ target.schema }}.unfinished_dates
            select delivery_date from {{ target.schema }}.build_dates
            where is_changed and delivery_date not in (select delivery_date from {{ target.schema }}.unfinished_dates);
        {%- endif %}
        {{ note_makers() }}
        insert into {{ target.schema }}.builds
        select
            '{{ invocation_id }}', cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp), null,
            '{{ flags.WHICH }}', {{ is_whole_build(load_id) }}, false, null,
            {{ "'" ~ as_of() ~ "'" if as_of() is not none else 'null' }}, {{ var('warehouse_layout') }},
            '{{ dbt_version }}',
            {{ "'" ~ dbt_metadata_envs['COMMIT'] ~ "'" if dbt_metadata_envs.get('COMMIT') else 'null' }},
            '{{ fingerprint }}', {{ flags.FULL_REFRESH or false }}, null, null, null, null, null, null
    {%- endif %}
{%- endmacro %}


{#- Before anything is made, so that a build that is killed has noted it too. -#}
{% macro note_makers() -%}
    {%- set made = [] -%}
    {%- for name in selected_resources if name in graph.nodes and graph.nodes[name].access == 'public' -%}
        {%- do made.append("('" ~ graph.nodes[name].schema ~ "', '" ~ graph.nodes[name].name ~ "')") -%}
    {%- endfor -%}
    {%- if made %}
        delete from {{ target.schema }}.mart_makers
        where (schema_name, mart_name) in ({{ made | join(', ') }});
        insert into {{ target.schema }}.mart_makers
        select schema_name, mart_name, '{{ invocation_id }}'
        from (values {{ made | join(', ') }}) as made (schema_name, mart_name);
    {%- endif %}
{%- endmacro %}


{% macro build_ended(results) -%}
    {%- set files = ref('stg_ingest__files') -%}
    {%- set calendar = ref('dim_quarter_hours') -%}
    {%- if is_building() %}
        {%- set bad = results | rejectattr('status', 'in', ['success', 'pass', 'warn', 'no-op']) | list -%}
        {%- set tests = results | selectattr('node.resource_type', 'in', ['test', 'unit_test']) | list -%}
        {%- set started = run_query(
            'select is_whole from ' ~ target.schema ~ ".builds where build_id = '" ~ invocation_id ~ "'"
        ).rows -%}
        {%- set is_good = started | length > 0 and started[0][0] and not bad -%}
        {%- if is_good %}
            {{ note_access() }}
            delete from {{ target.schema }}.unfinished_dates;
            delete from {{ target.schema }}.promises;
            insert into {{ target.schema }}.promises values
            {%- for node in graph.nodes.values() if node.access == 'public' %}
                {%- set outer = loop %}
                {%- for column in node.columns.values() %}
                ('{{ invocation_id }}', '{{ node.schema }}', '{{ node.name }}', '{{ column.name }}',
                    '{{ column.data_type }}'){{ ',' if not (outer.last and loop.last) }}
                {%- endfor %}
            {%- endfor %};
        {%- endif %}
        update {{ target.schema }}.builds
        set
            ended_at_utc = cast('{{ modules.datetime.datetime.utcnow() }}' as timestamp),
            is_good = {{ is_good }},
            tests_passed = {{ tests | selectattr('status', 'in', ['pass', 'warn']) | list | length }}
            {%- if is_good %},
            last_load_id = (select max(load_id) from {{ files }}),
            last_load_started_at_utc = (
                select started_at_utc from raw.main.loads where load_id = (select max(load_id) from {{ files }})
            ),
            files_landed = (select count(*) from {{ files }} where status = 'landed'),
            known_until_utc = (select max(file_timestamp_utc) from {{ files }} where status = 'landed'),
            first_calendar_date = (select min(delivery_date) from {{ calendar }}),
            last_calendar_date = (select max(delivery_date) from {{ calendar }})
            {%- endif %}
        where build_id = '{{ invocation_id }}'
    {%- endif %}
{%- endmacro %}
