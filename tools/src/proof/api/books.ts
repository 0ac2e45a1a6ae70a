import { withClient } from '../../measurement/with-client';

/** What is really there, by the token of the call that wrote it. */
export interface Books {
  readonly writes: ReadonlyMap<string, Written>;
  /** Streams whose versions are not 1, 2, 3 and so on. */
  readonly brokenStreams: readonly string[];
}

interface Written {
  /** Rows, changes of rows or events. */
  readonly count: number;
  /** The last version of a row or a stream that it wrote. */
  readonly version: number;
}

/** Of the streams of this proof. */
export const STREAM_TYPE = 'proof';

/** Every write to an organization is noted by the database itself, in the same transaction. */
export async function openBooks(url: string): Promise<void> {
  await withClient(url, async (client) => {
    for (const statement of NOTING) await client.query(statement);
  });
}

/** Reads the notes and the events, on a connection of its own. */
export async function readBooks(url: string): Promise<Books> {
  return withClient(url, async (client) => {
    const written = await client.query<Written & { readonly token: string }>(READ_WRITES, [STREAM_TYPE]);
    const broken = await client.query<{ readonly stream: string }>(READ_BROKEN_STREAMS, [STREAM_TYPE]);
    return {
      writes: new Map(written.rows.map(({ token, count, version }) => [token, { count, version }])),
      brokenStreams: broken.rows.map(({ stream }) => stream),
    };
  });
}

const NOTING = [
  'create table public.proof_notes (token text not null, version integer not null)',
  // As its owner: a service that may not write here writes it all the same.
  `create function public.note_write() returns trigger language plpgsql security definer set search_path = '' as $$
  begin
    insert into public.proof_notes values (new.name, new.version);
    return null;
  end $$`,
  `create trigger note_write after insert or update on public.organizations
   for each row execute function public.note_write()`,
];

const READ_WRITES = `
  select token, count(*)::integer as count, max(version) as version
  from (
    select token, version from public.proof_notes
    union all
    select payload ->> 'token', aggregate_version from public.events where aggregate_type = $1
  ) as written
  group by token`;

const READ_BROKEN_STREAMS = `
  select aggregate_id as stream from public.events where aggregate_type = $1
  group by aggregate_id
  having count(*) <> max(aggregate_version) or min(aggregate_version) <> 1`;
