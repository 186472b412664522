"""A resource through the FHIR door: validated, checked, committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Invalid, NotFound
from gateway.fhir.patch import patched
from gateway.ingest.bundle import write_bundle
from gateway.ingest.conditions import current, delete_matching, identity, only, require_absent
from gateway.ingest.contention import persistently
from gateway.ingest.integrity import References, check_referrers
from gateway.ingest.judgement import Judge
from gateway.ingest.plan import plan_of
from gateway.ingest.provenance import provenance_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.fhir.patch import Patch
    from gateway.fhir.search.query import SearchQuery
    from gateway.fhir.transaction import Entry
    from gateway.fhir.wire import Resource
    from gateway.ingest.judgement import Profiles
    from gateway.store.api import Store, Transaction, Written
    from gateway.store.records import Method


class ResourceIngest:
    """Creates, updates, patches and deletes resources on behalf of FHIR clients.

    What a condition finds is decided inside the write. `provenance` is a Provenance without target
    (https://hl7.org/fhir/R4/provenance.html#header) that is committed with the write.
    """

    def __init__(
        self,
        store: Store,
        *,
        validation: str,
        new_id: Callable[[], str],
        local_bases: tuple[str, ...] = (),
        profiles: Profiles | None = None,
    ) -> None:
        """Write to `store`; `validation` is `profiles`, `base` or `off`.

        `profiles` validates against the profiles that are installed.

        `local_bases` are this server's own addresses without a slash at the end.
        """
        self._store = store
        self._judge = Judge(validation, profiles)
        self._new_id = new_id
        self._bases = local_bases

    def create(
        self,
        resource_type: str,
        resource: Resource,
        if_none_exist: SearchQuery | None = None,
        provenance: Resource | None = None,
    ) -> Written:
        """Create under a new id; with `if_none_exist`, only when nothing matches.

        https://hl7.org/fhir/R4/http.html#ccreate. Raises `Invalid`, `UnknownReference`,
        `PreconditionFailed` when several match.
        """
        self._judge.judge(resource, resource_type)
        new = {**resource, "id": self._new_id()}

        def work(tx: Transaction) -> Written:
            if if_none_exist is not None:
                found = only(tx, if_none_exist)
                if found is not None:
                    return tx.unchanged(resource_type, found)
            return self._put(tx, new, method="POST")

        return self._write(work, provenance)

    def update(  # noqa: PLR0913 - the conditions of an update
        self,
        resource_type: str,
        resource_id: str,
        resource: Resource,
        expected: int | None = None,
        *,
        only_new: bool = False,
        provenance: Resource | None = None,
    ) -> Written:
        """Update, or create under the client's id; `expected` is the version of `If-Match`.

        https://hl7.org/fhir/R4/http.html#update. `only_new` is `If-None-Match: *`. Raises
        `Invalid`, `UnknownReference`, `PreconditionFailed`.
        """
        self._judge.judge(resource, resource_type)
        if resource.get("id") != resource_id:
            text = "The id in the resource must be the id in the address."
            raise Invalid(text, expression=f"{resource_type}.id")

        def work(tx: Transaction) -> Written:
            if only_new:
                require_absent(tx, resource_type, resource_id)
            return self._put(tx, resource, expected=expected)

        return self._write(work, provenance)

    def update_matching(
        self,
        condition: SearchQuery,
        resource: Resource,
        expected: int | None = None,
        *,
        only_new: bool = False,
        provenance: Resource | None = None,
    ) -> Written:
        """Update the one that matches, or create when none does.

        https://hl7.org/fhir/R4/http.html#cond-update. Raises `PreconditionFailed` when several
        match, `Malformed` for another id than that of the match, `Conflict` for a new id that is
        taken; else as `update`.
        """
        self._judge.judge(resource, condition.type)

        def work(tx: Transaction) -> Written:
            found = only(tx, condition)
            if found is not None and only_new:
                require_absent(tx, condition.type, found)
            resource_id = identity(tx, resource, found, self._new_id)
            method: Method = "PUT" if found or "id" in resource else "POST"
            new = {**resource, "id": resource_id}
            return self._put(tx, new, expected=expected, method=method)

        return self._write(work, provenance)

    def patch(
        self,
        resource_type: str,
        target: str | SearchQuery,
        patch: Patch,
        expected: int | None = None,
        *,
        provenance: Resource | None = None,
    ) -> Written:
        """Patch what has that id or is the only match; what becomes of it is judged as an update.

        https://hl7.org/fhir/R4/http.html#patch. Raises `NotFound`, `Gone`, `PreconditionFailed`,
        and what a patch or an update raises.
        """

        def work(tx: Transaction) -> Written:
            found = target if isinstance(target, str) else only(tx, target)
            if found is None:
                message = f"No {resource_type} matches."
                raise NotFound(message)
            resource = patched(patch, current(tx, resource_type, found))
            self._judge.judge(resource, resource_type)
            return self._put(tx, resource, expected=expected)

        return self._write(work, provenance)

    def delete(self, resource_type: str, resource_id: str, expected: int | None = None) -> Written:
        """Delete what nothing current refers to; raises `Conflict` naming the referrers."""

        def work(tx: Transaction) -> Written:
            check_referrers(tx, [f"{resource_type}/{resource_id}"])
            return tx.delete(resource_type, resource_id, expected=expected)

        return self._write(work, None)

    def delete_matching(
        self, condition: SearchQuery, expected: int | None = None
    ) -> tuple[Written, ...]:
        """Delete everything that matches, at most 1 000 resources, all or none.

        https://hl7.org/fhir/R4/http.html#3.1.0.7.1. Raises `PreconditionFailed` for more, or for
        several when `expected` asks for a version; `Conflict` naming the referrers.
        """

        def work() -> tuple[Written, ...]:
            with self._store.transaction() as tx:
                return delete_matching(tx, condition, expected)

        return persistently(work)

    def transaction(
        self,
        entries: Sequence[Entry],
        ask: Callable[[str, str], SearchQuery],
        provenance: Resource | None = None,
    ) -> list[tuple[Written, ...]]:
        """Do the writes of a transaction bundle in one commit, or none of them.

        `ask` reads the search of a condition, given its type. Returns for each entry what was
        written: one thing, for a conditional delete any number. See `gateway.ingest.bundle`.
        """
        plan = plan_of(entries, self._judge, ask, self._new_id)

        def work() -> list[tuple[Written, ...]]:
            with self._store.transaction() as tx:
                done = write_bundle(tx, plan, self._judge, self._bases)
                self._tell(tx, [one for several in done for one in several], provenance)
                return done

        return persistently(work)

    def decided(self, decide: Callable[[Transaction], Sequence[Resource]]) -> list[Written]:
        """Write what `decide` returns, all in one commit with what it has read, or nothing.

        Resources have their ids; one that is held is updated. Raises what `decide` raises, and as
        `update`.
        """

        def work() -> list[Written]:
            with self._store.transaction() as tx:
                return self._put_all(tx, decide(tx))

        return persistently(work)

    def _put_all(self, tx: Transaction, resources: Sequence[Resource]) -> list[Written]:
        references = References(self._bases)
        done = []
        for one in resources:
            self._judge.judge(one, one["resourceType"])
            done.append(tx.put(one))
            references.add(one, one["resourceType"])
        # Now that all are there they may refer to each other.
        references.check(tx)
        return done

    def _write(
        self, work: Callable[[Transaction], Written], provenance: Resource | None
    ) -> Written:
        def attempt() -> Written:
            with self._store.transaction() as tx:
                written = work(tx)
                if provenance is not None:
                    self._tell(tx, [written], provenance)
                return written

        return persistently(attempt)

    def _tell(
        self, tx: Transaction, written: Sequence[Written], provenance: Resource | None
    ) -> None:
        if provenance is None:
            return
        told = provenance_of(written, provenance, self._judge, self._new_id())
        if told is not None:
            self._put(tx, told, method="POST")

    def _put(
        self,
        tx: Transaction,
        resource: Resource,
        *,
        expected: int | None = None,
        method: Method = "PUT",
    ) -> Written:
        written = tx.put(resource, expected=expected, method=method)
        if written.outcome != "unchanged":
            # Now that it is there it may refer to itself.
            references = References(self._bases)
            references.add(resource, resource["resourceType"])
            references.check(tx)
        return written
