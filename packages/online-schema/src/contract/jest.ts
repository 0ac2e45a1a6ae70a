import type { DataSource } from 'typeorm';
import { type CheckContractOptions, checkContract } from './check-contract';
import { type CoverageOptions, checkCoverage } from './check-coverage';
import type { QueryContract } from './query-contract';
import { renderContract, renderCoverage } from './render-contract';

declare global {
  namespace jest {
    interface Matchers<R, T> {
      /** The contract holds on the database: `await expect(contract).toHoldOn(dataSource, { sample })`. */
      toHoldOn(
        dataSource: DataSource,
        options?: T extends QueryContract<infer Sample> ? CheckContractOptions<Sample> : never,
      ): Promise<R>;
      /** Every index has a contract, and every contract its index: `await expect(contracts).toCoverIndexesOf(dataSource)`. */
      toCoverIndexesOf(dataSource: DataSource, options?: CoverageOptions): Promise<R>;
    }
  }
}

interface Verdict {
  readonly pass: boolean;
  message(): string;
}

type Expect = { extend(matchers: Record<string, (...given: never[]) => Promise<Verdict>>): void };

/**
 * Given to a global `expect` when this is imported. Where there is none (`injectGlobals: false`, or Vitest):
 * `expect.extend(contractMatchers)`.
 */
export const contractMatchers = {
  async toHoldOn(
    contract: QueryContract<never>,
    dataSource: DataSource,
    options?: CheckContractOptions<unknown>,
  ): Promise<Verdict> {
    const report = await checkContract(
      dataSource,
      contract as QueryContract<unknown>,
      options as CheckContractOptions<unknown>,
    );
    return { pass: report.broken.length === 0, message: () => renderContract(report) };
  },
  async toCoverIndexesOf(
    contracts: readonly QueryContract<never>[],
    dataSource: DataSource,
    options?: CoverageOptions,
  ): Promise<Verdict> {
    const report = await checkCoverage(dataSource, contracts, options);
    const faults = renderCoverage(report);
    return {
      pass: faults === '',
      message: () => faults || 'Every index has a contract, and every contract its index.',
    };
  },
};

// Jest gives `expect` to each test file; a dependency on it would be one of every user of this package.
(globalThis as { expect?: Expect }).expect?.extend(contractMatchers);
