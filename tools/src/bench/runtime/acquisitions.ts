import type { PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import type { Layers } from './layers';
import type { Way } from './way';

/** How the ways are called. "Again" is the control. */
const ACQUISITION = Object.freeze({
  pg: 'pg, pool.connect and release',
  pgAgain: 'pg, pool.connect and release, again',
  holdfast: 'Holdfast, the pool of a DataSource',
});

interface Connectable {
  connect(): Promise<PoolClient>;
}

/** A connection is taken out of the pool and given back; no statement is sent. */
export function listAcquisitions({ pg, pgAgain, holdfast }: Layers): [Way, ...Way[]] {
  return [
    acquire(ACQUISITION.pg, pg),
    acquire(ACQUISITION.pgAgain, pgAgain),
    acquire(ACQUISITION.holdfast, readPool(holdfast)),
  ];
}

/** TypeORM calls the pool of its primary server `master`. */
function readPool({ driver }: DataSource): Connectable {
  return (driver as unknown as { readonly master: Connectable }).master;
}

function acquire(name: string, pool: Connectable): Way {
  const run = async (): Promise<boolean> => {
    const client = await pool.connect();
    client.release();
    return true;
  };
  return { name, run, isRight: (result) => result === true };
}
