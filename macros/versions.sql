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


{% macro known_after_delivery() -%}
    greatest(file_timestamp_utc, delivery_start_utc + interval '15' minute)
{%- endmacro %}
