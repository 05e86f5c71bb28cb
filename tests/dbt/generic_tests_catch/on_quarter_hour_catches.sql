-- Everything is keyed by quarter-hours: the test must catch a moment that is off by minutes, a second or less.
with caught as (

    {{ test_on_quarter_hour(
        "(select cast('2025-06-08 10:15:00' as timestamp) as t union all select cast('2025-06-08 10:07:00' as timestamp)"
        ~ " union all select cast('2025-06-08 10:45:01' as timestamp)"
        ~ " union all select cast('2025-06-08 10:30:00.5' as timestamp)) as made_up",
        't'
    ) }}

)

select count(*) as rows_caught
from caught
having count(*) <> 3 or min(t) <> cast('2025-06-08 10:07:00' as timestamp)
