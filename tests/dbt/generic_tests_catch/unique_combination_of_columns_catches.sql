-- Keys of all models rest on this test: it must catch the pair that comes twice, and no other row.
with caught as (

    {{ test_unique_combination_of_columns(
        "(select 1 as a, 1 as b union all select 1, 2 union all select 2, 1 union all select 1, 2) as made_up", ['a', 'b']
    ) }}

)

select count(*) as rows_caught
from caught
having count(*) <> 1 or min(a) <> 1 or min(b) <> 2
