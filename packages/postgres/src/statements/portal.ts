import { prepareValue } from 'pg/lib/utils';
import type { FieldDescription } from './pg-internals';
import type { RowReader } from './row-reader';

/** What a portal is opened for. */
export interface PortalTerms {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Reads its rows, each by itself. */
  readonly reader: RowReader;
  /** Rows of a batch at most: at least 1. */
  readonly batchSize: number;
  /** Whether a transaction begins with it, which is then its own. */
  readonly begins: boolean;
}

/** A statement whose rows are taken in batches. The server keeps its place under a name, for as long as its transaction lasts. */
export class Portal {
  /** On its connection, no other has it. */
  readonly name: string;
  readonly terms: PortalTerms;
  /** As they are sent. */
  readonly values: readonly unknown[];
  state: 'new' | 'open' | 'done' = 'new';
  /** What the server has said of its columns when it was opened. */
  columns: readonly FieldDescription[] | undefined;

  /** @throws what a value throws that cannot be sent. */
  constructor(terms: PortalTerms) {
    this.values = terms.values.map(prepareValue);
    opened += 1;
    this.name = `hf_portal_${opened}`;
    this.terms = terms;
  }
}

let opened = 0;
