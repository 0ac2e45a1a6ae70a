import type { QueryConfig, QueryResult } from 'pg';
import type { PooledClient } from '../connection/pooled-client';
import type { LocalSetting } from '../statements/local-settings';
import type { Portal } from '../statements/portal';
import { type PortalStep, sendPortalStep } from '../statements/portal-query';
import { sendToReader } from '../statements/reading-query';
import type { RowReader } from '../statements/row-reader';
import { sendWithSettings } from '../statements/settings-query';
import type { Block, SharedPart } from '../statements/shared-part';
import { endsTransaction, leavesFailure, startsTransaction } from './statement-text';

/** A statement as a caller gives it. */
export interface GivenStatement extends Manner {
  readonly config: string | QueryConfig;
  readonly text: string;
  readonly values: unknown[] | undefined;
}

/** How a statement is sent where not as it is, and who reads its rows where not node-postgres. */
export interface Manner {
  readonly reader?: RowReader | undefined;
  /** Executions of it that go out together. */
  readonly parts?: readonly SharedPart[] | undefined;
  /** Executed around these. */
  readonly block?: Block | undefined;
  /** Whose step it is. */
  readonly portal?: Portal | undefined;
  readonly step?: PortalStep | undefined;
}

/** Writes a statement to a connection, in the way that it needs, and resolves with its answer. */
export function sendStatement(
  client: PooledClient,
  settings: readonly LocalSetting[],
  { config, text, values, reader, parts, block, portal, step = 'take' }: GivenStatement,
): Promise<QueryResult> {
  if (portal !== undefined) return sendPortalStep(client, portal, step, settings);
  const { statements } = client;
  if (statements !== undefined && parts !== undefined && reader !== undefined) {
    return statements.share(text, parts, reader, block);
  }
  if (statements !== undefined && typeof config === 'string' && statements.accepts(text, values)) {
    return statements.run(text, values as unknown[], settings, reader);
  }
  if (settings.length > 0 && !controlsTransaction(text)) {
    const given = values ?? (typeof config === 'string' ? undefined : config.values);
    return sendWithSettings(client, { text, values: given ?? [], settings, reader });
  }
  if (reader !== undefined) return sendToReader(client, text, values ?? [], reader);
  return values === undefined ? client.query(config as string) : client.query(config as string, values);
}

/** A failed transaction takes no setting, and must be left all the same. */
function controlsTransaction(text: string): boolean {
  return startsTransaction(text) || endsTransaction(text) || leavesFailure(text);
}
