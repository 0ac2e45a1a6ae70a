-- The logins of the service, run with psql as the owner of the tables after the migrations. It may be run again.
--   psql "$OWNER_URL" --set=service_password=… --set=worker_password=… --set=operations_password=… --file=deploy/roles.sql
\set ON_ERROR_STOP on
\set QUIET on
-- That somebody is a member already is what a second run expects.
set client_min_messages = warning;

select format('create role %I login', name)
from unnest(array['holdfast_service', 'holdfast_work', 'holdfast_operations']) as name
where not exists (select from pg_roles where rolname = name) \gexec

alter role holdfast_service login password :'service_password';
alter role holdfast_work login password :'worker_password';
alter role holdfast_operations login password :'operations_password';

-- What requests may do: see and write what the policies let the key of the request.
grant holdfast_app to holdfast_service;
-- What the worker may do: hand out events of all organizations.
grant holdfast_worker to holdfast_work;
-- What the console shows and does, about all organizations.
grant holdfast_app, holdfast_worker, holdfast_read, pg_monitor to holdfast_operations;
grant select on public.migrations to holdfast_read;

-- Before PostgreSQL 15 everybody might create something there, and a database that was upgraded still allows it: what one login
-- makes could stand in the way of what another means.
revoke create on schema public from public;
