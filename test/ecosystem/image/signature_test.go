// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package image_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	. "github.com/onsi/gomega"
	"github.com/sigstore/cosign/v3/pkg/cosign"
	"github.com/sigstore/cosign/v3/pkg/oci/mutate"
	ociremote "github.com/sigstore/cosign/v3/pkg/oci/remote"
	"github.com/sigstore/cosign/v3/pkg/oci/static"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/payload"
)

func newKey(t *testing.T) signature.SignerVerifier {
	t.Helper()
	g := NewWithT(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	g.Expect(err).NotTo(HaveOccurred())
	signer, err := signature.LoadSignerVerifier(key, crypto.SHA256)
	g.Expect(err).NotTo(HaveOccurred())
	return signer
}

// sign writes a signature of the claim that an image has a digest, beside that image.
func sign(t *testing.T, signer signature.Signer, claimed, beside name.Digest) {
	t.Helper()
	g := NewWithT(t)
	claim, err := payload.Cosign{Image: claimed}.MarshalJSON()
	g.Expect(err).NotTo(HaveOccurred())
	signed, err := signer.SignMessage(bytes.NewReader(claim))
	g.Expect(err).NotTo(HaveOccurred())
	stored, err := static.NewSignature(claim, base64.StdEncoding.EncodeToString(signed))
	g.Expect(err).NotTo(HaveOccurred())
	image, err := ociremote.SignedEntity(beside)
	g.Expect(err).NotTo(HaveOccurred())
	image, err = mutate.AttachSignatureToEntity(image, stored)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(ociremote.WriteSignatures(beside.Context(), image)).To(Succeed())
}

func verify(t *testing.T, image name.Digest, key signature.Verifier) error {
	t.Helper()
	_, _, err := cosign.VerifyImageSignatures(t.Context(), image,
		&cosign.CheckOpts{SigVerifier: key, ClaimVerifier: cosign.SimpleClaimVerifier, IgnoreTlog: true})
	return err
}

// The release signs without a key of its own, by the identity of its workflow. Without the internet there is no such identity, so
// that this signs with a key, and has cosign verify.
func TestSignature(t *testing.T) {
	g := NewWithT(t)
	release, unrelated := newKey(t), newKey(t)
	g.Expect(verify(t, pushed, release)).NotTo(Succeed(), "nothing has signed it yet")

	sign(t, release, pushed, pushed)
	g.Expect(verify(t, pushed, release)).To(Succeed())
	g.Expect(verify(t, pushed, unrelated)).NotTo(Succeed())

	digest, err := pulled(t)[amd64].Digest()
	g.Expect(err).NotTo(HaveOccurred())
	other := pushed.Context().Digest(digest.String())
	sign(t, release, pushed, other)
	g.Expect(verify(t, other, release)).NotTo(Succeed(), "the signature is of another digest")
}
