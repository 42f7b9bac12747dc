import { z } from 'zod';
import { pipelineSchema } from '../model/pipeline-file';

/** A JSON Schema, as far as ours go. */
export interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | SchemaNode;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly [keyword: string]: unknown;
}

/**
 * What an editor needs for a pipeline file. Draft 7, which all of them read; `input`, since defaults may be left out.
 * Laxer than the parser only where one place of the file depends on another: see docs/pipeline.md.
 */
export function pipelineJsonSchema(): SchemaNode {
  const { $schema, ...schema } = z.toJSONSchema(pipelineSchema, { target: 'draft-7', io: 'input' }) as SchemaNode;
  return {
    $schema,
    title: 'Slipstream pipeline',
    description: 'A PostgreSQL source, the log of its changes in Kafka, and the stores that follow it.',
    ...schema,
  };
}

/** docs/pipeline.schema.json. */
export function pipelineSchemaFile(): string {
  return `${JSON.stringify(pipelineJsonSchema(), null, 2)}\n`;
}
