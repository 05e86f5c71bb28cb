{#- What a build makes anew: the delivery dates whose inputs changed, in `build_dates` (docs/increments.md). -#}

{#- The condition that a row belongs to this build. Scope `day`: dates that changed; `month`: all days of their months. -#}
{% macro in_this_build(column, scope='day', of=none) -%}
    {%- set kind = of or column -%}
    {%- set dates = target.schema ~ '.build_dates' -%}
    {%- set changed = ' where is_changed' if scope == 'day' else '' -%}
    {%- if not is_narrowed() -%}
        true
    {%- elif build_day() is not none -%}
        {{ on_build_day(column, kind) }}
    {%- elif kind.endswith('delivery_start_utc') -%}
        ({{ column }} in (select delivery_start_utc from {{ target.schema }}.build_quarter_hours{{ changed }})
            and {{ within_bounds(column, scope) }})
    {%- elif kind.endswith('invoicing_month') -%}
        {{ column }} in (select {{ invoicing_month('delivery_date') }} from {{ dates }}{{ changed }})
    {%- else -%}
        {{ column }} in (select delivery_date from {{ dates }}{{ changed }})
    {%- endif -%}
{%- endmacro %}


{#- The one delivery date that this build makes, as `rtm build --as-of ... --day` asks; none = those that changed. -#}
{% macro build_day() -%}
    {{- return((execute and env_var('RTM_DAY', '')) or none) -}}
{%- endmacro %}


{#- Bounds in plain sight, which the database can look for in its row groups and below windows. -#}
{% macro on_build_day(column, kind, minutes_before=0) -%}
    {%- if kind.endswith('delivery_start_utc') -%}
        {%- set zone = modules.pytz.timezone(var('market_time_zone')) -%}
        {%- set day = modules.datetime.datetime.strptime(build_day(), '%Y-%m-%d') -%}
        {%- set bounds = [] -%}
        {%- for midnight in [day, day + modules.datetime.timedelta(days=1)] -%}
            {%- set utc = zone.localize(midnight).astimezone(modules.pytz.utc).strftime('%Y-%m-%d %H:%M:%S') -%}
            {%- do bounds.append("cast('" ~ utc ~ "' as timestamp)") -%}
        {%- endfor -%}
        {{ column }} >= {{ bounds[0] }}{{ earlier_by(minutes_before) }} and {{ column }} < {{ bounds[1] }}
    {%- else -%}
        {{ column }} = cast('{{ build_day() }}' as date)
    {%- endif -%}
{%- endmacro %}


{#-
  The condition that something measured says something about this build's quarter-hours: about its own and, if it holds
  for some minutes, about the next one.
-#}
{% macro measured_for_this_build(moment, minutes_held=0) -%}
    {%- set quarter_hour = quarter_hour_of(moment) -%}
    {%- set next_one = quarter_hour ~ " + interval '15' minute" -%}
    {%- if build_day() is not none -%}
        {{ on_build_day(moment, 'delivery_start_utc', minutes_before=15 if minutes_held else 0) }}
    {%- elif is_narrowed() -%}
        {{ within_bounds(moment, 'day', minutes_before=15 if minutes_held else 0) }}
        and (
            {{ in_this_build(quarter_hour, of='delivery_start_utc') }}
            {{ 'or ' ~ in_this_build(next_one, of='delivery_start_utc') if minutes_held }}
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{#- Documentation, unit tests and full refreshes look at everything. -#}
{% macro is_narrowed() -%}
    {{- return(execute and is_building() and not flags.FULL_REFRESH
        and model.resource_type in ('model', 'test')) -}}
{%- endmacro %}


{#- The column that says which day or month a row of a model belongs to; none where rows belong to no day. -#}
{% macro day_column(node) -%}
    {%- for name in ['delivery_date', 'delivery_start_utc', 'invoicing_month', 'period_start_date'] -%}
        {%- if name in node.columns -%}{{- return(name) -}}{%- endif -%}
    {%- endfor -%}
    {{- return(none) -}}
{%- endmacro %}


{#- What a model's table holds: everything, or the days or months of the last build alone. -#}
{% macro scope_held(node) -%}
    {{- return('all' if node.config.materialized == 'incremental' else node.config.meta.get('scope', 'all')) -}}
{%- endmacro %}


{#-
  dbt's own `ref`, narrowed to this build where a model holds more than its reader makes. So no model can forget to, and
  none needs to say it. `whole=true` is for the few that look at other days than those they make.
-#}
{% macro ref(model_name, whole=false) -%}
    {%- set relation = builtins.ref(model_name) -%}
    {%- if whole or not is_narrowed() -%}
        {{- return(relation) -}}
    {%- endif -%}
    {%- set read = graph.nodes.get('model.' ~ project_name ~ '.' ~ model_name) -%}
    {#- A test looks at what the build made, and of what arrived at the files since the last whole load. -#}
    {%- if model.resource_type == 'test' and read is not none and read.fqn[1] == 'staging' and 'file_id' in read.columns -%}
        {{- return('(select * from ' ~ relation ~ ' where ' ~ is_of_new_file() ~ ')') -}}
    {%- endif -%}
    {%- set maker = read if model.resource_type == 'test' and read is not none else model -%}
    {%- set scope = maker.config.meta.get('scope', 'all') -%}
    {%- if read is none or day_column(read) is none or scope_held(read) == scope or scope == 'all' -%}
        {%- if read is not none and scope == 'all' and scope_held(read) != 'all' and model.resource_type == 'model' -%}
            {%- do exceptions.raise_compiler_error(
                model.name ~ ' is made in full, but ' ~ model_name ~ ' holds the ' ~ scope_held(read) ~ 's of one build') -%}
        {%- endif -%}
        {{- return(relation) -}}
    {%- endif -%}
    {%- if scope == 'month' and scope_held(read) == 'day' -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ ' is made by month, but ' ~ model_name ~ ' holds only the days of one build') -%}
    {%- endif -%}
    {{- return('(select * from ' ~ relation ~ ' where ' ~ in_this_build(day_column(read), scope) ~ ')') -}}
{%- endmacro %}


{#- Whether this build makes all there is, so that tables can be replaced whole. -#}
{% macro makes_everything() -%}
    {%- if flags.FULL_REFRESH or build_day() is not none -%}{{- return(true) -}}{%- endif -%}
    {{- return(run_query('select is_everything from ' ~ target.schema ~ '.build_scope').columns[0].values()[0]) -}}
{%- endmacro %}
