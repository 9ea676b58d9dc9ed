import { doubledQuotes, jsonText } from './escapes.ts';
import { JSON_STRING, JSON_STRING_IN_CSV, type StringStyle } from './string-code.ts';

/** How JSON stands in a row: as it is, or in the quotes of a CSV cell, where each quote is doubled. */
export interface JsonDialect {
  /** Makes a piece of JSON what stands in the row. */
  readonly embed: (json: string) => string;
  /** As `embed`, of what a string's text becomes. */
  readonly text: (text: string) => string;
  /** Writes what stands between a string's quotes. */
  readonly string: StringStyle;
}

export const PLAIN_JSON: JsonDialect = {
  embed: (json) => json,
  text: jsonText,
  string: JSON_STRING,
};

export const JSON_IN_CSV: JsonDialect = {
  embed: doubledQuotes,
  text: (text) => doubledQuotes(jsonText(text)),
  string: JSON_STRING_IN_CSV,
};
