import type { CatalogIndex, IndexKeyPart } from '../specification/index-definition';
import type { IndexDifference } from './index-difference';

/** In which respects the keys of two canonical indexes differ; none if they are the same. */
export function compareKeys(declared: CatalogIndex, actual: CatalogIndex): IndexDifference[] {
  if (!isSameList(textsOf(declared), textsOf(actual))) {
    return [
      {
        aspect: nameTextAspect(declared, actual),
        declared: declared.keys.join(', '),
        actual: actual.keys.join(', '),
      },
    ];
  }
  return declared.parts.flatMap((part, at) => {
    const other = actual.parts[at];
    if (other === undefined) return [];
    const [one, two] = [declared.keys[at] ?? '', actual.keys[at] ?? ''];
    return modifierAspects(part, other).map((aspect) => ({ aspect, declared: one, actual: two }));
  });
}

function nameTextAspect(declared: CatalogIndex, actual: CatalogIndex): IndexDifference['aspect'] {
  if (isSameList(textsOf(declared).toSorted(), textsOf(actual).toSorted())) return 'column order';
  const ofOneOnly = [...onlyIn(declared, actual), ...onlyIn(actual, declared)];
  return ofOneOnly.some(({ isExpression }) => isExpression) ? 'expression' : 'columns';
}

function modifierAspects(declared: IndexKeyPart, actual: IndexKeyPart): IndexDifference['aspect'][] {
  const aspects: IndexDifference['aspect'][] = [];
  if (declared.collation !== actual.collation) aspects.push('collation');
  if (declared.operatorClass !== actual.operatorClass) aspects.push('operator class');
  // DESC moves the NULLs as well unless told otherwise: that is one difference, and the texts show both.
  if (declared.descending !== actual.descending) aspects.push('order');
  else if (declared.nullsFirst !== actual.nullsFirst) aspects.push('nulls order');
  return aspects;
}

function textsOf({ parts }: CatalogIndex): string[] {
  return parts.map(({ text }) => text);
}

function onlyIn(one: CatalogIndex, other: CatalogIndex): IndexKeyPart[] {
  const texts = new Set(textsOf(other));
  return one.parts.filter(({ text }) => !texts.has(text));
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((entry, at) => entry === other[at]);
}
