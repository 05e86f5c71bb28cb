{#-
Who may read what, as declared beside the models: `access` in a mart's meta, and the sensitivity of its columns. It is
checked before a build begins, and noted in the warehouse beside what the marts promise; serve/access.py enforces it.
-#}

{% macro access_roles() -%}
    {{- return(['trader', 'portfolio_ops', 'sales', 'finance', 'asset_owner', 'auditor', 'data_engineer']) -}}
{%- endmacro %}


{#- By `contract_id` wherever there is one: it is the contract that covers the delivery. -#}
{% macro row_keys() -%}
    {{- return([[], ['contract_id'], ['asset_id'], ['asset_id', 'delivery_date'],
        ['asset_id', 'period', 'period_start_date']]) -}}
{%- endmacro %}


{% macro column_sensitivity(column, sensitivities) -%}
    {{- return(column.config.meta.get('sensitivity', sensitivities.get(column.name))) -}}
{%- endmacro %}


{% macro undeclared(node, sensitivities) -%}
    {%- set levels = sensitivities.values() | unique | list -%}
    {%- set access = node.config.meta.get('access') or {} -%}
    {%- set readers, rows_by = access.get('readers', []), access.get('rows_by') -%}
    {%- set columns = node.columns.keys() | list -%}
    {%- set wrong = [] -%}
    {%- if not readers -%}
        {%- do wrong.append('no `access` in its meta says who reads it') -%}
    {%- endif -%}
    {%- for role in readers if role not in access_roles() -%}
        {%- do wrong.append('the role ' ~ role ~ ' is not known') -%}
    {%- endfor -%}
    {%- if rows_by not in row_keys() or rows_by | reject('in', columns) | list -%}
        {%- do wrong.append('rows_by is ' ~ rows_by ~ ', expected one of ' ~ row_keys() ~ ' of its own columns') -%}
    {%- elif not rows_by and ('sales' in readers or 'asset_owner' in readers)
            and ('asset_id' in columns or 'contract_id' in columns) -%}
        {%- do wrong.append('customers read it, and it has rows of assets, but no key filters them') -%}
    {%- endif -%}
    {%- if 'auditor' in readers and access.get('final_when') is not string -%}
        {%- do wrong.append('auditors read it, but `final_when` does not say which rows are final') -%}
    {%- endif -%}
    {%- for name in access.get('blank_unless_own', []) if name not in columns -%}
        {%- do wrong.append('blank_unless_own names ' ~ name ~ ', which it does not have') -%}
    {%- endfor -%}
    {%- for key in access if key not in ('readers', 'rows_by', 'final_when', 'blank_unless_own', 'rows_of') -%}
        {%- do wrong.append('`' ~ key ~ '` is no part of `access`') -%}
    {%- endfor -%}
    {%- for topic in access.get('rows_of', {}) if 'commercial.' ~ topic not in levels -%}
        {%- do wrong.append('rows_of names the topic ' ~ topic ~ ', which is not known') -%}
    {%- endfor -%}
    {%- for column in node.columns.values() -%}
        {%- set sensitivity = column_sensitivity(column, sensitivities) -%}
        {%- if sensitivity is none -%}
            {%- do wrong.append(column.name ~ ' has no sensitivity (macros/sensitivities.sql)') -%}
        {%- elif sensitivity not in levels -%}
            {%- do wrong.append(column.name ~ ': the sensitivity ' ~ sensitivity ~ ' is not known') -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(wrong) -}}
{%- endmacro %}


{% macro check_access() -%}
    {%- if is_building() -%}
        {%- set sensitivities = column_sensitivities() -%}
        {%- set wrong = [] -%}
        {%- for node in graph.nodes.values() if node.access == 'public' -%}
            {%- for reason in undeclared(node, sensitivities) -%}
                {%- do wrong.append(node.name ~ ': ' ~ reason) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- if wrong -%}
            {{- exceptions.raise_compiler_error('not declared who may see it: ' ~ wrong | join('; ')) -}}
        {%- endif %}
        create table if not exists {{ target.schema }}.mart_access (
            schema_name string, mart_name string, readers string, rows_by string, final_when string,
            blank_unless_own string, rows_of string
        );
        create table if not exists {{ target.schema }}.column_access (
            schema_name string, mart_name string, column_name string, sensitivity string
        )
    {%- endif -%}
{%- endmacro %}


{#- Lists are noted as JSON. -#}
{% macro note_access() -%}
    {%- set sensitivities = column_sensitivities() -%}
    delete from {{ target.schema }}.mart_access;
    delete from {{ target.schema }}.column_access;
    insert into {{ target.schema }}.mart_access values
    {%- for node in graph.nodes.values() if node.access == 'public' %}
        {%- set access = node.config.meta.access %}
        ('{{ node.schema }}', '{{ node.name }}', '{{ tojson(access.readers) }}', '{{ tojson(access.rows_by) }}',
            {{ dbt.string_literal(dbt.escape_single_quotes(access.get('final_when', 'false'))) }},
            '{{ tojson(access.get('blank_unless_own', [])) }}',
            {{ dbt.string_literal(dbt.escape_single_quotes(tojson(access.get('rows_of', {})))) }}
        ){{ ',' if not loop.last }}
    {%- endfor %};
    insert into {{ target.schema }}.column_access values
    {%- for node in graph.nodes.values() if node.access == 'public' %}
        {%- set outer = loop %}
        {%- for column in node.columns.values() %}
        ('{{ node.schema }}', '{{ node.name }}', '{{ column.name }}',
            '{{ column_sensitivity(column, sensitivities) }}'){{ ',' if not (outer.last and loop.last) }}
        {%- endfor %}
    {%- endfor %};
{%- endmacro %}
