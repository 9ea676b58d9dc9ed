/** All of Sigstore's packages that are used here, as one module that is loaded when a certificate is first met. */
export { bundleFromJSON, type Bundle, type SerializedBundle } from '@sigstore/bundle';
export { TrustedRoot } from '@sigstore/protobuf-specs';
export { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
