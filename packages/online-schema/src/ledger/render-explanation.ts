import { neutralise } from '../cli/screen/plain-text';
import { renderBytes, renderCount, renderShare } from '../doctor/quantity';
import { wrapText } from '../text/wrap-text';
import type { IndexExplanation } from './explain-index';

/** Prose reads badly in longer lines, however wide the terminal is. */
const WIDEST = 110;
const INDENT = 12;

/** The explanation for people: a line or a paragraph for each fact, the verdict last. */
export function renderExplanation(explanation: IndexExplanation, columns: number): string[] {
  const { schema, name, definition, verdict, remarks, doubts } = explanation;
  const width = Math.max(40, Math.min(columns, WIDEST));
  const facts: readonly (readonly [label: string, text: string])[] = [
    ['size', renderSize(explanation)],
    ['usage', renderUsage(explanation)],
    ['updates', renderUpdates(explanation)],
    ...remarks.map(({ check, message, accepted }) => {
      return ['doctor', `${check}: ${message}${accepted === null ? '' : ` Accepted: ${accepted}`}`] as const;
    }),
    ...doubts.map((doubt) => ['not seen', doubt] as const),
    ['verdict', `${renderDecision(verdict)}. ${verdict.reason}`],
  ];
  const lines = [
    `${schema}.${name}`,
    // Somebody may want to copy it.
    `  ${definition}`,
    ...facts.flatMap(([label, text]) =>
      wrapText(text, width - INDENT).map(
        (line, at) => `  ${(at === 0 ? label : '').padEnd(INDENT - 2)}${line}`,
      ),
    ),
  ];
  return lines.map((line) => neutralise(line, { hasUnicode: true }).trimEnd());
}

function renderDecision(verdict: IndexExplanation['verdict']): string {
  return verdict.decision === 'merge' ? `merge with ${verdict.into}` : verdict.decision;
}

function renderSize({ bytes, entries, rows, bytesPerEntry, tableBytes }: IndexExplanation): string {
  const share = tableBytes === 0 ? '' : `, ${renderShare(bytes / tableBytes)} of its table`;
  if (entries === null || rows === null)
    return `${renderBytes(bytes)}${share}; nobody has counted its rows yet`;
  const each = bytesPerEntry === null ? '' : `, ${Math.round(bytesPerEntry)} bytes each`;
  return `${renderBytes(bytes)}${share}; ${renderCount(entries)} of ${renderCount(rows)} rows${each}`;
}

function renderUsage({ scans, lastScanAt, countedSince, foreignKeys }: IndexExplanation): string {
  const since = countedSince === null ? 'as far as the counts go back' : `since ${countedSince}`;
  const last = lastScanAt === null ? '' : `, last at ${lastScanAt}`;
  const keys = foreignKeys.length === 0 ? '' : `; serves foreign key ${foreignKeys.join(', ')}`;
  return `read ${renderCount(scans)} ${scans === 1 ? 'time' : 'times'} ${since}${last}${keys}`;
}

function renderUpdates({ table, updates, hotUpdates, soleColumns }: IndexExplanation): string {
  const alone =
    soleColumns.length === 0
      ? 'every column in it is in other indexes too'
      : `it alone makes updates of ${soleColumns.join(', ')} write into all indexes`;
  if (updates === 0) return `${table} was not updated so far; ${alone}`;
  return `${renderShare(hotUpdates / updates)} of ${renderCount(updates)} of ${table} wrote into no index (HOT); ${alone}`;
}
