import { v7 as uuidv7 } from 'uuid';

/** A new id for a row: a UUID of version 7, whose beginning is the time, so that new rows stand together in an index. */
export function newId(): string {
  return uuidv7();
}
