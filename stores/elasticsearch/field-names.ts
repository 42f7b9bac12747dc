/** Whether Elasticsearch lets a field have this name. */
export function isFieldName(name: string): boolean {
  return !/^_|\.|^\s*$/.test(name);
}
