/**
 * Turns an image and the user's policy into a yes or a reasoned no: who signed which digest, and who has to.
 *
 *     policy.json ──▶ Requirement ─┐
 *                                  ├─ verifyImage ──▶ Verification | TRUST_REFUSED
 *     image, its signatures ───────┘
 */
export {};
