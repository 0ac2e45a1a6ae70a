import { createHash } from 'node:crypto';
import { isWholeIdentifier } from '../specification/identifier';

/** The name an index bears while it replaces (`new`) or is replaced (`old`): always the same, so a rerun finds it. */
export function temporaryName(name: string, role: 'new' | 'old'): string {
  const plain = `${name}_hf_${role}`;
  if (isWholeIdentifier(plain)) return plain;
  return `hf_${createHash('sha256').update(name).digest('hex').slice(0, 32)}_${role}`;
}
