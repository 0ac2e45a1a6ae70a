import { createLoader } from '@holdfast/postgres';
import type { DataSource } from 'typeorm';
import type { Layers } from './layers';
import { chooseAccount } from './look-ups';
import { Account } from './schema';
import type { Way } from './way';

/** How the ways are called. */
const ONE_TICK = Object.freeze({
  holdfastFind: 'Holdfast, 32 × findOneBy',
  loader: 'Holdfast, a loader',
  typeormFind: 'TypeORM, 32 × findOneBy',
});

const LOOK_UPS = 32;

/** 32 lookups that are asked for in the same tick, as the resolvers of one request do. A loader is made for each request. */
export function listOneTickWays({ holdfast, typeorm }: Layers): [Way, ...Way[]] {
  const findOn = (source: DataSource) => {
    const repository = source.getRepository(Account);
    return (turn: number) => Promise.all(listIds(turn).map((id) => repository.findOneBy({ id })));
  };
  const load = (turn: number) => createLoader(holdfast, Account).loadMany(listIds(turn));
  return [
    gather(ONE_TICK.holdfastFind, findOn(holdfast)),
    gather(ONE_TICK.loader, load),
    gather(ONE_TICK.typeormFind, findOn(typeorm)),
  ];
}

function listIds(turn: number): number[] {
  return Array.from({ length: LOOK_UPS }, (_, at) => chooseAccount(turn * LOOK_UPS + at));
}

function gather(name: string, run: (turn: number) => Promise<(Account | null)[]>): Way {
  return {
    name,
    run,
    isRight: (found, turn) => {
      const ids = listIds(turn);
      return (found as (Account | null)[]).every((account, at) => account?.id === ids[at]);
    },
  };
}
