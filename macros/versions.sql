{% macro known_by(known_at) -%}
    {%- if var('as_of') is none -%}
        true
    {%- else -%}
        {{ known_at }} <= cast('{{ var("as_of") }}' as timestamp)
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
