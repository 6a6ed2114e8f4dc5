# syntax=docker/dockerfile:1

# The build runs on the builder's own platform and cross-compiles: no emulation, whatever the target.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS TARGETARCH
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /cognigy-operator ./cmd

# No shell and no package manager: the operator, root certificates and nothing else.
FROM gcr.io/distroless/static:nonroot
ARG VERSION=dev
LABEL org.opencontainers.image.title="cognigy-operator" \
      org.opencontainers.image.description="API keys of Cognigy.AI Endpoints as Kubernetes Secrets" \
      org.opencontainers.image.source="https://github.com/cognigy-operator/cognigy-operator" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"
COPY --from=build /cognigy-operator /cognigy-operator
# By number, so that runAsNonRoot can tell without looking into the image.
USER 65532:65532
# The name is that of the operator, since client-go makes the field manager of the Lease from it.
ENTRYPOINT ["/cognigy-operator"]
