{#- The moment whose knowledge counts: `--vars`, else the environment, with which dbt need not parse anew. -#}
{% macro as_of() -%}
    {{- return(var('as_of') or (execute and env_var('RTM_AS_OF', '')) or none) -}}
{%- endmacro %}


{% macro known_by(known_at) -%}
    {%- if as_of() is none -%}
        true
    {%- else -%}
        {{ known_at }} <= cast('{{ as_of() }}' as timestamp)
    {%- endif -%}
{%- endmacro %}


{#- A file from which something is known may itself be of later; what it says of itself is then no later than now. -#}
{% macro as_known(moment) -%}
    {%- if as_of() is none -%} {{ moment }}
    {%- else -%} least({{ moment }}, cast('{{ as_of() }}' as timestamp))
    {%- endif -%}
{%- endmacro %}


{% macro known_at(first_known_at, key) -%}
    case
        when row_number() over (partition by {{ key | join(', ') }} order by file_order asc, row_number asc) = 1
            then {{ first_known_at }}
        else greatest({{ first_known_at }}, coalesce(file_timestamp_utc, {{ first_known_at }}))
    end
{%- endmacro %}


{#-
  Rows with `known_at_utc`, without ordering all that ever landed: whatever came in a file that is no younger than its own
  moment is known at that moment. Only for keys that a younger file names it matters which of their rows was the first.
  `rows` is a query and not a step, for it is read three times and must not be kept whole.
-#}
{% macro dated_rows(rows, moment, key) -%}
    select
        *,
        {{ moment }} as known_at_utc
    from ({{ rows }}) as prompt_rows
    where (file_timestamp_utc > {{ moment }}) is not true
    union all
    select * from (
        select
            *,
            {{ known_at(moment, key) }} as known_at_utc
        from (
            {#- `having` takes nothing away. It tells DuckDB that these are few, so that it keeps them and not all rows. #}
            select all_rows.* from ({{ rows }}) as all_rows
            inner join (
                select {{ key | join(', ') }} from ({{ rows }}) as late_rows
                where file_timestamp_utc > {{ moment }}
                group by {{ key | join(', ') }}
                having count(*) > 0
            ) as late_keys
                on
                    {%- for column in key %}
                    {{ 'and ' if not loop.first }}all_rows.{{ column }} = late_keys.{{ column }}
                    {%- endfor %}
        ) as rows_of_late_keys
    ) as dated_rows
    where file_timestamp_utc > {{ moment }}
{%- endmacro %}


{% macro known_after_delivery() -%}
    greatest(file_timestamp_utc, delivery_start_utc + interval '15' minute)
{%- endmacro %}
