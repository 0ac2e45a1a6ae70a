import { tidyOpenapi } from './tidy-openapi';

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** A document with one operation, and the schemas a generator writes for things both sent and answered. */
const createDocument = (operation: object) => ({
  openapi: '3.1.0',
  paths: { '/things': { post: operation } },
  components: {
    schemas: {
      Thing: { type: 'object', properties: { part: reference('Part') } },
      ThingInput: { type: 'object', properties: { part: reference('PartInput') } },
      Part: { title: 'answered' },
      PartInput: { title: 'sent' },
    },
  },
});

describe('tidyOpenapi', () => {
  it('keeps what is referred to, through other schemas too, under its plain name', () => {
    const document = tidyOpenapi(createDocument({ requestBody: reference('ThingInput') }));
    expect(document).toEqual({
      openapi: '3.1.0',
      paths: { '/things': { post: { requestBody: reference('Thing') } } },
      components: {
        schemas: {
          Thing: { type: 'object', properties: { part: reference('Part') } },
          Part: { title: 'sent' },
        },
      },
    });
  });

  it('keeps both names of what is sent and answered', () => {
    const { components } = tidyOpenapi(
      createDocument({ requestBody: reference('ThingInput'), x: reference('Thing') }),
    );
    expect(Object.keys(components.schemas)).toEqual(['Part', 'PartInput', 'Thing', 'ThingInput']);
  });

  it('describes a response by its status, unless it is described', () => {
    const responses = { 201: { description: 'Default Response', content: 1 }, 409: { description: 'Taken' } };
    expect(tidyOpenapi(createDocument({ responses })).paths['/things'].post).toEqual({
      responses: { 201: { description: 'Created', content: 1 }, 409: { description: 'Taken' } },
    });
  });

  it('drops the mark of a read-only type, but no property of that name', () => {
    const schema = { readOnly: true, properties: { readOnly: { type: 'boolean' } } };
    expect(tidyOpenapi(createDocument({ schema })).paths['/things'].post).toEqual({
      schema: { properties: { readOnly: { type: 'boolean' } } },
    });
  });
});
