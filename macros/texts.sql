{% macro joined_issues(issues) -%}
    nullif(
        substr(
            {%- for condition, text in issues %}
            case when {{ condition }} then '; ' || {{ text }} else '' end
            {%- if not loop.last %} ||{% endif %}
            {%- endfor %},
            3
        ),
        ''
    )
{%- endmacro %}
