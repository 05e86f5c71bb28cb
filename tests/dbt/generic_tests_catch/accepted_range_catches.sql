-- The test must catch what lies beyond either bound, and not the bounds themselves.
with caught as (

    {{ test_accepted_range(
        "(select 0 as n union all select 1 union all select 100 union all select 101) as made_up", 'n', 1, 100
    ) }}

)

select count(*) as rows_caught
from caught
having count(*) <> 2 or min(n) <> 0 or max(n) <> 101
