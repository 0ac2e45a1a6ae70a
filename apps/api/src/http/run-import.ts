import type { ImportedEvent } from '@holdfast/db';
import type { Database } from '../database';
import { type BatchRefusal, type BatchStop, importBatch } from '../use-cases/import-events';
import { ImportBatch } from './import-batches';
import { type ReadJson, type ReportedLine, readImportLine } from './import-lines';
import { readLines } from './ndjson';
import type { ImportReason } from './schemas/import';
import { StreamedBodyError } from './streamed-body';

/** What an import works with. */
export interface ImportTerms {
  readonly database: Database;
  readonly readJson: ReadJson;
  /** `Idempotency-Key` of the request. */
  readonly requestKey: string | undefined;
  /** Ends it between two batches. */
  readonly signal: AbortSignal;
  /** Called when events were committed. */
  readonly announce: () => void;
}

/** What became of every line: it is in, or it is reported. */
export interface ImportReport {
  readonly appended: number;
  readonly repeated: number;
  readonly reported: readonly ReportedLine[];
  readonly complete: boolean;
}

const MAX_LINE_BYTES = 1024 * 1024;
/** A report is kept until the body has been read: whoever sends need not read meanwhile. So it has an end. */
const MOST_REPORTED = 200_000;

const REASONS: Readonly<Record<BatchRefusal, ImportReason>> = Object.freeze({
  'key-reused': 'idempotency-key-reused',
  'not-permitted': 'not-permitted',
  conflict: 'conflict',
  refused: 'refused',
});

/**
 * Reads a body to its end and brings its events in, batch by batch, each of them a transaction. What ends it early is told in the
 * report, unless nothing had been done by then: then it fails with that.
 *
 * @throws StreamedBodyError, or what the database fails with, when nothing was written or reported.
 */
export async function runImport(body: AsyncIterable<Buffer>, terms: ImportTerms): Promise<ImportReport> {
  const run = new ImportRun(terms);
  try {
    reading: for await (const lines of readLines(body, MAX_LINE_BYTES)) {
      for (const line of lines) if (!(await run.take(line))) break reading;
    }
  } catch (failure) {
    await run.flush();
    return run.end(failure);
  }
  await run.flush();
  return run.end(undefined);
}

class ImportRun {
  readonly #terms: ImportTerms;
  readonly #reported: ReportedLine[] = [];
  #batch = new ImportBatch();
  #appended = 0;
  #repeated = 0;
  /** Of lines that were looked at. */
  #lastLine = 0;
  #stop: { readonly error: unknown } | undefined;

  constructor(terms: ImportTerms) {
    this.#terms = terms;
  }

  /** False when no more lines are taken; this one was not. */
  async take(line: Parameters<typeof readImportLine>[0]): Promise<boolean> {
    const { readJson, requestKey, signal } = this.#terms;
    if (signal.aborted) this.#stop ??= { error: new StreamedBodyError('shutting-down') };
    if (this.#reported.length >= MOST_REPORTED) this.#stop ??= { error: 'too many lines are refused' };
    if (this.#stop !== undefined) return false;
    const read = readImportLine(line, readJson, requestKey);
    if ('reason' in read) this.#reported.push(read);
    else await this.#add(read, line.text?.length ?? 0);
    // An event that waits for a batch that could not be written is of that batch.
    this.#lastLine = line.line;
    return true;
  }

  async #add(event: ImportedEvent, characters: number): Promise<void> {
    if (this.#batch.add(event, characters)) return;
    await this.flush();
    if (this.#stop === undefined) this.#batch.add(event, characters);
    else this.#reported.push({ line: event.line, reason: 'not-written' });
  }

  /** What was gathered is in, or reported. */
  async flush(): Promise<void> {
    const { events } = this.#batch;
    this.#batch = new ImportBatch();
    const { appended, repeated, refused, stopped } = await importBatch(this.#terms.database, events);
    this.#appended += appended;
    this.#repeated += repeated;
    for (const { line, reason } of refused) this.#reported.push({ line, reason: REASONS[reason] });
    if (stopped !== undefined) this.#note(stopped);
    if (appended > 0 || stopped !== undefined) this.#terms.announce();
  }

  #note({ error, unknown, unwritten }: BatchStop): void {
    this.#stop = { error };
    for (const { line } of unknown) this.#reported.push({ line, reason: 'outcome-unknown' });
    for (const { line } of unwritten) this.#reported.push({ line, reason: 'not-written' });
  }

  end(failure: unknown): ImportReport {
    const stop = this.#stop ?? (failure === undefined ? undefined : { error: failure });
    const isUntouched = this.#appended + this.#repeated === 0 && !this.#reported.some(isOfLine);
    if (stop !== undefined && isUntouched && stop.error instanceof Error) throw stop.error;
    const rest: ReportedLine = { line: this.#lastLine + 1, toLine: null, reason: 'not-read' };
    const reported = [
      ...this.#reported.sort((a, b) => a.line - b.line),
      ...(stop === undefined ? [] : [rest]),
    ];
    return {
      appended: this.#appended,
      repeated: this.#repeated,
      reported,
      complete: stop === undefined,
    };
  }
}

/** Whether something is wrong with the line itself, or may have been done with it. */
function isOfLine({ reason }: ReportedLine): boolean {
  return reason !== 'not-written';
}
