/** What is wrong with one value; whoever knows the file and the line makes a Diagnostic of it. */
export class BadValue extends Error {
  override readonly name = 'BadValue';

  constructor(
    /** Follows the setting's name: "is not a time span". */
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}
