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

    select 'a=1, b=2' as row_key, '2 rows have this key' as problem
    union all
    select 'a=NULL, b=3', 'a is NULL'
    union all
    select 'a=3, b=3', 'c is NULL'

)

select * from ((select * from caught except all select * from expected) union all (select * from expected except all select * from caught)) as wrong
