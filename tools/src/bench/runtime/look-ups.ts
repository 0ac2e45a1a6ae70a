import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import type { Layers } from './layers';
import { ACCOUNTS, Account } from './schema';
import type { Way } from './way';

/** How the ways are called. "Again" is the control: how far two measurements of the same lie apart. */
export const LOOK_UP = Object.freeze({
  pgNamed: 'pg, named statement',
  pgAgain: 'pg, named statement, again',
  pgUnnamed: 'pg, unnamed statement',
  holdfastQuery: 'Holdfast, dataSource.query',
  holdfastFind: 'Holdfast, findOneBy',
  typeormQuery: 'TypeORM, dataSource.query',
  typeormFind: 'TypeORM, findOneBy',
});

const TEXT = 'SELECT id, email, name, balance, created_at AS "createdAt" FROM accounts WHERE id = $1';

/** Lookups by primary key, of one account after another in no order. */
export function listLookUps({ pg, pgAgain, holdfast, typeorm }: Layers): [Way, ...Way[]] {
  const namedOn =
    (pool: Pool) =>
    async (turn: number): Promise<unknown> => {
      const { rows } = await pool.query({ name: 'look-up', text: TEXT, values: [chooseAccount(turn)] });
      return rows[0];
    };
  const unnamed = async (turn: number): Promise<unknown> => {
    const { rows } = await pg.query(TEXT, [chooseAccount(turn)]);
    return rows[0];
  };
  const queryOn = (source: DataSource) => async (turn: number) => {
    const [row] = await source.query(TEXT, [chooseAccount(turn)]);
    return row;
  };
  const findOn = (source: DataSource) => {
    const repository = source.getRepository(Account);
    return (turn: number) => repository.findOneBy({ id: chooseAccount(turn) });
  };
  return [
    look(LOOK_UP.pgNamed, namedOn(pg)),
    look(LOOK_UP.pgAgain, namedOn(pgAgain)),
    look(LOOK_UP.pgUnnamed, unnamed),
    look(LOOK_UP.holdfastQuery, queryOn(holdfast)),
    look(LOOK_UP.holdfastFind, findOn(holdfast)),
    look(LOOK_UP.typeormQuery, queryOn(typeorm)),
    look(LOOK_UP.typeormFind, findOn(typeorm)),
  ];
}

/** Any two turns that follow each other within `ACCOUNTS` choose different accounts: the factor is a prime. */
export function chooseAccount(turn: number): number {
  return (turn * 7_919) % ACCOUNTS;
}

function look(name: string, run: Way['run']): Way {
  return { name, run, isRight: (row, turn) => (row as Account | undefined)?.id === chooseAccount(turn) };
}
