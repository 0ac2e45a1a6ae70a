import { type AppendRequest, type Event, newId } from '@holdfast/db';
import type { DataSource } from 'typeorm';
import { createRandom, type Random } from '../random';
import type { Decision, Door } from './door';
import type { Setting } from './setting';

/** What decisions came to. */
export interface DecisionFigures {
  readonly decisions: Readonly<Record<Decision, number>>;
  /** Accounts that were overdrawn at some position of the log. */
  readonly overdrawn: number;
  /** Lowest balance that any account ever had. */
  readonly lowest: number;
  /** Names that several clients were given. */
  readonly sharedNames: number;
  /** Names that nobody was given. */
  readonly freeNames: number;
}

const FIRST_DEPOSIT = 100;
const MOVED = 'account.moved';
const CLAIMED = 'username.claimed';

/**
 * Clients move money between accounts, never more than there is, and claim names that only one may have; each decides from the
 * events with the tags of what it is about.
 */
export async function runDecisions(
  way: string,
  door: Door,
  dataSource: DataSource,
  setting: Setting,
  signal: AbortSignal,
): Promise<DecisionFigures> {
  const decisions: Record<Decision, number> = { appended: 0, forbidden: 0, overtaken: 0 };
  const count = (decision: Decision): void => {
    decisions[decision] += 1;
  };
  await moveMoney(way, door, setting, signal, count);
  await claimNames(way, door, setting, signal, count);
  return {
    decisions,
    ...(await auditAccounts(dataSource, way)),
    ...(await auditNames(dataSource, way, setting)),
  };
}

async function moveMoney(
  way: string,
  door: Door,
  { seed, clients, accounts, accountsMs }: Setting,
  signal: AbortSignal,
  count: (decision: Decision) => void,
): Promise<void> {
  const tags = Array.from({ length: accounts }, (_, at) => `${way}-account:${at}`);
  for (const tag of tags) await door.append(write(MOVED, tag, { amount: FIRST_DEPOSIT }));
  const endMs = performance.now() + accountsMs;
  const draw = (random: Random): string => tags[Math.floor(random() * tags.length)] as string;
  const runClient = async (client: number): Promise<void> => {
    const random = createRandom(seed, `${way} ${client}`);
    while (performance.now() < endMs && !signal.aborted) {
      const [from, to] = [draw(random), draw(random)];
      if (from === to) continue;
      // Nearly all of it, so that two at once are more than there is.
      const share = 0.6 + 0.4 * random();
      const decision = await door.decide([{ tags: [from], types: [MOVED] }], (events) => {
        const amount = Math.ceil(share * sum(events));
        if (amount <= 0) return undefined;
        return [write(MOVED, from, { amount: -amount }), write(MOVED, to, { amount })];
      });
      count(decision);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => runClient(client)));
  signal.throwIfAborted();
}

async function claimNames(
  way: string,
  door: Door,
  { clients, usernames }: Setting,
  signal: AbortSignal,
  count: (decision: Decision) => void,
): Promise<void> {
  for (let at = 0; at < usernames && !signal.aborted; at++) {
    const tag = `${way}-username:${at}`;
    const claim = () =>
      door.decide([{ tags: [tag] }], (events) => (events.length > 0 ? undefined : [write(CLAIMED, tag, {})]));
    for (const decision of await Promise.all(Array.from({ length: clients }, claim))) count(decision);
  }
  signal.throwIfAborted();
}

const write = (
  eventType: string,
  tag: string,
  payload: Readonly<Record<string, unknown>>,
): AppendRequest => ({
  aggregateType: 'decision',
  aggregateId: newId(),
  expectedVersion: 0,
  events: [{ eventType, tags: [tag], payload }],
});

const sum = (events: readonly Event[]): number =>
  events.reduce((total, { payload }) => total + Number(payload.amount), 0);

async function auditAccounts(dataSource: DataSource, way: string) {
  const [row] = await dataSource.query<[Pick<DecisionFigures, 'overdrawn' | 'lowest'>]>(
    `select
      count(distinct account) filter (where balance < 0)::integer as overdrawn,
      coalesce(min(balance), 0)::integer as lowest
    from (
      select tags[1] as account,
        sum((payload ->> 'amount')::integer) over (partition by tags[1] order by global_position) as balance
      from events where event_type = $1 and tags[1] like $2
    ) b`,
    [MOVED, `${way}-account:%`],
  );
  return row;
}

async function auditNames(dataSource: DataSource, way: string, { usernames }: Setting) {
  const [row] = await dataSource.query<[{ taken: number; sharedNames: number }]>(
    `select count(*)::integer as taken, count(*) filter (where n > 1)::integer as "sharedNames"
    from (select count(*) as n from events where event_type = $1 and tags[1] like $2 group by tags) c`,
    [CLAIMED, `${way}-username:%`],
  );
  return { sharedNames: row.sharedNames, freeNames: usernames - row.taken };
}
