/** The part of the program's logger that the API needs. */

export interface ApiLog {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
