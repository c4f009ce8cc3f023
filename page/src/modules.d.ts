/** Modules that the build makes. */
declare module "text:*" {
  const texts: import("./text.ts").Texts;
  export default texts;
}
declare module "*.svg" {
  const file: string;
  export default file;
}
