"""One-time codes: each is given to one person, once; what is said when none is left; uploads."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from django.db import connections

from envoi.contacts.models import Contact
from envoi.core.errors import BadInput, NotAllowed
from envoi.messaging.models import Message
from envoi.replies import codes, queries
from envoi.replies.models import AutoAnswer, PromoCode, PromoPool
from envoi.team.models import Staff

from .conftest import Write, rule, said

pytestmark = pytest.mark.usefixtures("as_intake")

EMPTY = [{"language": "", "text": "All are gone, {{first_name}}"}, {"language": "fr", "text": "Il n’y en a plus"}]


def pool(*given: str, again: str = "same", name: str = "Spring") -> PromoPool:
    made = codes.save_pool(name=name, again=again, low_at=2, empty=EMPTY, by=None)
    if given:
        codes.add_codes(made.pk, "\n".join(given), by=None)
    return made


def promo(one: PromoPool, name: str = "Promo") -> None:
    said = {"do": "promo", "pool": one.pk, "texts": [{"language": "", "text": "Your code: {{code}}"}]}
    rule(name, "promo", "优惠", actions=[said])


@pytest.mark.django_db
def test_each_customer_gets_a_code_of_their_own_and_the_same_again(write: Write):
    promo(pool("A1", "B2", "C3"))
    write("promo", phone="33639980001")
    write("有优惠吗", phone="33639980002")
    write("promo?", phone="33639980001")
    assert said("33639980001") == ["Your code: A1", "Your code: A1"]
    assert said("33639980002") == ["Your code: B2"]
    [filled] = queries.pools(None)
    assert (filled.left, filled.taken, filled.is_low, filled.rules) == (1, 2, True, ["Promo"])


@pytest.mark.django_db
def test_a_pool_may_give_a_new_code_each_time(write: Write):
    promo(pool("A1", "B2", again="new"))
    write("promo 1")
    write("promo 2")
    assert said() == ["Your code: A1", "Your code: B2"]


@pytest.mark.django_db
def test_when_no_code_is_left_the_customer_is_told_in_their_language(write: Write):
    promo(pool())
    write("promo 1")
    Contact.objects.update(language="fr")
    write("promo 2")
    assert said() == ["All are gone, Ana", "Il n’y en a plus"]


@pytest.mark.django_db
def test_a_webhook_that_comes_again_takes_no_second_code(write: Write):
    promo(pool("A1", "B2", again="new"))
    write("promo", times=10)
    assert said() == ["Your code: A1"]
    assert PromoCode.objects.filter(contact_id__isnull=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_fifty_customers_at_once_never_share_a_code():
    one = pool(*(f"CODE{number}" for number in range(40)))
    people = [Contact.objects.create(phone=f"+336399801{number:02}").pk for number in range(50)]
    got: list[str] = []

    def take(some: list[int]) -> None:
        try:
            got.extend(codes.take(one.pk, contact_id, 1) for contact_id in some)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take, args=(people[start::8],)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted = Counter(got)
    assert counted.pop("") == 10
    assert len(counted) == 40
    assert set(counted.values()) == {1}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "expected", "refused"),
    [
        ("A1\nB2\n\n A1 \n", ["A1", "B2"], 0),
        ("\ufeffcode;percent\nA1;10\nB2;20", ["A1", "B2"], 0),
        ('Code,Note\n"A,1",x\nB2,"y, z"', ["A,1", "B2"], 0),
        ("代码\n优惠2026", ["优惠2026"], 0),
        ("CODE,3;x", [], 1),
        ("A1;10\nCODE,3;x\nB2;20", ["A1", "B2"], 1),
        ("code;percent\nCODE,3;x\nB2;a, b", ["B2"], 1),
        ("A1,10\nB2,20", ["A1", "B2"], 0),
        ("A1\tspring", ["A1"], 0),
        ("A1\n" + "x" * 61 + "\n\u202eB2", ["A1"], 2),
    ],
)
def test_codes_are_read_from_a_paste_or_a_file(text: str, expected: list[str], refused: int):
    one = pool()
    added = codes.add_codes(one.pk, text, by=None)
    assert (added.added, len(added.refused)) == (len(expected), refused)
    assert list(PromoCode.objects.order_by("id").values_list("code", flat=True)) == expected


@pytest.mark.django_db
def test_a_code_that_is_in_any_pool_is_not_added_again():
    pool("A1")
    other = pool(name="Other")
    added = codes.add_codes(other.pk, "A1\nB2", by=None)
    assert (added.added, added.known) == (1, 1)
    with pytest.raises(BadInput, match="no code in it"):
        codes.add_codes(other.pk, " \n", by=None)


@pytest.mark.django_db
def test_a_pool_that_is_needed_is_not_deleted(write: Write):
    one = pool("A1")
    promo(one)
    with pytest.raises(codes.PoolInUse, match="“Promo” gives out"):
        codes.delete_pool(one.pk, by=None)
    write("promo")
    assert codes.remove_codes(one.pk, by=None) == 0
    assert AutoAnswer.objects.count() == Message.objects.filter(direction="out").count() == 1


@pytest.mark.django_db
def test_an_agent_does_not_fill_pools(ana: Staff):
    with pytest.raises(NotAllowed):
        codes.add_codes(pool().pk, "A1", by=ana)
