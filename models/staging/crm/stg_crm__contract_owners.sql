with contacts as (

    select * from {{ source('crm', 'contract_contacts') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

keyed as (

    select
        contacts.file_id,
        contacts.row_number,
        'owner_' || substr({{ hashed('lower(trim(contacts.email))') }}, 1, 16) as owner_id,
        files.file_timestamp_utc as known_at_utc
    from contacts
    inner join files on contacts.file_id = files.file_id
    where contacts.email is not null

),

known as (

    select * from keyed
    where {{ known_by('known_at_utc') }}

)

select * from known
