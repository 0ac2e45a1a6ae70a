import { createRandom, type Random } from '../proof/random';
import { MODEL } from './model';
import { NOTE_WORDS } from './names';
import { drawNormal } from './sampler';

/** Characters of text that notes are cut from. */
const NOTE_TEXT_LENGTH = 65_536;
const CURRENCIES = ['EUR', 'USD', 'GBP', 'SEK'] as const;

/** Makes payloads of events whose JSON text has the sizes of the model. */
export function createPayloadSampler(seed: number): (stream: number) => Record<string, unknown> {
  const { medianBytes, sigma, minBytes, maxBytes } = MODEL.payload;
  const random = createRandom(seed, 'events/payload');
  const notes = writeNotes(createRandom(seed, 'events/notes'), NOTE_TEXT_LENGTH + maxBytes);
  return (stream) => {
    const payload = {
      reference: `R-${stream + 1}`,
      amountCents: Math.floor(100_000 * random() ** 3),
      currency: CURRENCIES[Math.floor(CURRENCIES.length * random() ** 2)],
      items: 1 + Math.floor(12 * random() ** 2),
      note: '',
    };
    const bytes = Math.round(medianBytes * Math.exp(sigma * drawNormal(random)));
    const noteBytes = Math.min(maxBytes, Math.max(minBytes, bytes)) - JSON.stringify(payload).length;
    const start = Math.floor(NOTE_TEXT_LENGTH * random());
    payload.note = notes.slice(start, start + noteBytes);
    return payload;
  };
}

/** Plain letters and spaces: one byte each, and none that JSON escapes. */
function writeNotes(random: Random, length: number): string {
  let text = '';
  while (text.length < length) text += `${NOTE_WORDS[Math.floor(NOTE_WORDS.length * random())]} `;
  return text;
}
