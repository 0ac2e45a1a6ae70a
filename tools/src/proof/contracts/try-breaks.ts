import { CONTRACTS, type ContractSample } from '@holdfast/db/contracts';
import { ContractError, checkContract, type QueryContract } from '@holdfast/online-schema';
import type { QueryRunner } from 'typeorm';
import { TABLES } from '../../bench/indexes/staged-rows';
import { asAsker, type ContractDatabase } from '../../contracts/contract-database';
import type { IndexBreak } from './index-breaks';

type Contract = QueryContract<ContractSample>;

/** A contract that does not hold, and why. */
interface Broken {
  readonly contract: string;
  /** The kinds of its breaches, or the code of the error with which it could not be tried. */
  readonly kinds: readonly string[];
}

export interface TriedBreak extends Omit<IndexBreak, 'statements'> {
  /** None: nobody would have noticed. */
  readonly noticedBy: readonly Broken[];
}

/** The contracts that do not hold on the database as it is. */
export async function findBroken({ dataSource, sample }: ContractDatabase): Promise<readonly Broken[]> {
  const runner = dataSource.createQueryRunner();
  try {
    return await tryContracts(runner, sample, CONTRACTS);
  } finally {
    await clearUndone(runner);
    await runner.release();
  }
}

/** Rows that were written and undone are in the way of the next contracts, which count pages. */
async function clearUndone(runner: QueryRunner): Promise<void> {
  await runner.query(`vacuum (index_cleanup on) ${[...TABLES].join(', ')}`);
}

/**
 * What notices the break. Contracts that name the index come first; the others are asked only where none of those notices. One that did
 * not hold before notices nothing.
 */
export async function tryBreak(
  database: ContractDatabase,
  { statements, ...what }: IndexBreak,
  brokenBefore: ReadonlySet<string>,
): Promise<TriedBreak> {
  const isNamed = ({ index }: Contract) => [index].flat().includes(what.index);
  const contracts = CONTRACTS.filter(({ name }) => !brokenBefore.has(name));
  const named = await tryWithBreak(database, statements, contracts.filter(isNamed));
  if (named.length > 0) return { ...what, noticedBy: named };
  const others = contracts.filter((contract) => !isNamed(contract));
  return { ...what, noticedBy: await tryWithBreak(database, statements, others) };
}

/** Which of the contracts notice the break, made in a transaction of theirs, so that what they leave undone is cleared behind them. */
async function tryWithBreak(
  { dataSource, sample }: ContractDatabase,
  statements: readonly string[],
  contracts: readonly Contract[],
): Promise<readonly Broken[]> {
  const runner = dataSource.createQueryRunner();
  await runner.startTransaction();
  try {
    for (const statement of statements) await runner.query(statement);
    return await tryContracts(runner, sample, contracts);
  } finally {
    await runner.rollbackTransaction();
    await clearUndone(runner);
    await runner.release();
  }
}

async function tryContracts(
  runner: QueryRunner,
  sample: ContractSample,
  contracts: readonly Contract[],
): Promise<readonly Broken[]> {
  const broken: Broken[] = [];
  for (const contract of contracts) {
    const kinds = await findKinds(runner, sample, contract);
    if (kinds.length > 0) broken.push({ contract: contract.name, kinds });
  }
  return broken;
}

async function findKinds(runner: QueryRunner, sample: ContractSample, contract: Contract): Promise<string[]> {
  try {
    const report = await checkContract(runner, contract, asAsker(contract, sample));
    return [...new Set(report.broken.map(({ kind }) => kind))];
  } catch (error) {
    // A call that relies on a refusal, and is not refused, throws.
    if (error instanceof ContractError) return [error.code];
    throw error;
  }
}
