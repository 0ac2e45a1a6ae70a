import type { QueryRunner } from 'typeorm';

/** A statement as an application sends it. */
export interface SentStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Whether a plan is made for the values of one call or for any: what PostgreSQL may come to after five executions. */
export type PlanMode = 'custom' | 'generic';

/** What statements are sent through: a query runner, or what stands for one. */
export type Session = Pick<QueryRunner, 'query' | 'connect'>;
