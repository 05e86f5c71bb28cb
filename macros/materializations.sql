{#-
  How models become tables on DuckDB. dbt's own materializations build beside, rename twice and look for indexes, keys,
  grants and hooks, none of which this project has: three quarters of what a model on little data takes. Here a
  relation is replaced in one transaction.
-#}

{% materialization view, adapter='duckdb' %}
    {%- set relation = cleared(this.incorporate(type='view')) -%}
    {%- call statement('main') -%}
        create or replace view {{ relation }} as ({{ sql }})
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{- return({'relations': [relation]}) -}}
{% endmaterialization %}


{% materialization table, adapter='duckdb' %}
    {%- set relation = cleared(this.incorporate(type='table')) -%}
    {%- call statement('main') -%}
        {{ replaced_table(relation, sql) }}
    {%- endcall -%}
    {%- do persist_docs(relation, model) -%}
    {%- do adapter.commit() -%}
    {{- return({'relations': [relation]}) -}}
{% endmaterialization %}


{#- The days of this build are taken out and put in anew, also those without rows now (docs/increments.md). -#}
{% materialization incremental, adapter='duckdb' %}
    {%- set relation = cleared(this.incorporate(type='table')) -%}
    {%- set is_new = load_cached_relation(this) is none or makes_everything() -%}
    {%- call statement('main') -%}
        {{ replaced_table(relation, sql) if is_new else replaced_days(relation, sql) }}
    {%- endcall -%}
    {%- if is_new -%}{%- do persist_docs(relation, model) -%}{%- endif -%}
    {%- do adapter.commit() -%}
    {{- return({'relations': [relation]}) -}}
{% endmaterialization %}


{#- A relation whose name nothing of another kind holds any more. -#}
{% macro cleared(relation) -%}
    {%- set existing = load_cached_relation(relation) -%}
    {%- if existing is not none and existing.type != relation.type -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {{- return(relation) -}}
{%- endmacro %}


{% macro replaced_table(relation, sql) -%}
    {%- if config.get('contract').enforced -%}
        {{ get_assert_columns_equivalent(sql) }}
        create or replace table {{ relation }} {{ get_table_columns_and_constraints() }};
        insert into {{ relation }} {{ get_column_names() }} {{ get_select_subquery(sql) }}
    {%- else -%}
        create or replace table {{ relation }} as ({{ sql }})
    {%- endif -%}
{%- endmacro %}


{% macro replaced_days(relation, sql) -%}
    {%- set belongs = in_this_build(day_column(model), model.config.meta.get('scope')) -%}
    {%- if config.get('contract').enforced -%}{{ get_assert_columns_equivalent(sql) }}{%- endif -%}
    delete from {{ relation }} where {{ belongs }};
    insert into {{ relation }} by name select * from ({{ sql }}) as made where {{ belongs }}
{%- endmacro %}
