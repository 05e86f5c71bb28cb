-- Keys of all models rest on this test: it must catch the pair that comes twice and each NULL that is not allowed, and
-- no other row.
with caught as (

    {{ test_has_key(
        "(select 1 as a, 1 as b, 1 as c union all select 1, 2, 1 union all select 2, 1, 1 union all select 1, 2, 1 "
        "union all select null, 3, 1 union all select 3, null, 1 union all select 3, 3, null) as made_up",
        ['a', 'b'], never_null=['c'], may_be_null=['b']
    ) }}

),

expected as (

    select
        'a=1, b=2' as row_key,
        '2 rows have this key' as problem
    union all
    select
        'a=NULL, b=3' as row_key,
        'a is NULL' as problem
    union all
    select
        'a=3, b=3' as row_key,
        'c is NULL' as problem

),

counted as (

    select
        row_key,
        problem,
        count(*) as copies
    from caught
    group by row_key, problem

)

select
    coalesce(expected.row_key, counted.row_key) as row_key,
    coalesce(expected.problem, counted.problem) as problem
from expected
full outer join counted on expected.row_key = counted.row_key and expected.problem = counted.problem
where counted.copies is distinct from 1 or expected.row_key is null
