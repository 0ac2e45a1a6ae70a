import type { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** Answers 200 with a body that is made as it is sent. */
export function sendStream(reply: object, mediaType: string, body: Readable): FastifyReply {
  // The schema of an answer says what its text holds; the type that follows from it knows no stream.
  return (reply as FastifyReply).code(200).type(mediaType).send(body);
}
